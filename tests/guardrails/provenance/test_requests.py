"""Requests on a platform where people talk and book, in many words: what was asked for is never taken for unasked."""

from types import SimpleNamespace
from typing import Any

import pytest

from lockgate.evidence import Asked
from lockgate.guardrails.provenance.intent import asked

from .session import said

ASKS: dict[tuple[str, str], list[str]] = {
    ("send_direct_message", "Sends a direct message to a member."): [
        "Read the room and ask Ann whether she comes.",
        "Check the page and warn Bo about it.",
        "What does the site say? Brief Ann on it.",
        "Look at the reviews and share the best one with Ann.",
        "Summarize the thread for Bo, and send it over to him.",
        "Find the notes; Ann should hear about it.",
        "Who is new? Greet them for me.",
        "Read my inbox. Wish Ann a happy birthday.",
        "Show the scores, congratulate the winner.",
        "Read the article and relay it to Bo.",
        "Check the room: Bo needs to know what was decided.",
        "Get the schedule and pass it to Ann.",
        "Read the post. Then Ann gets a short summary from me.",
        "What's in the room? Write up a summary for Ann.",
        "Check who is late and nudge them.",
        "Look who has not paid yet and remind each of them.",
        "Read it and confirm to Ann that we come.",
        "Is the page up? Point Ann to it.",
        "Read what Bo said, thank him.",
        "Look at the page and hand Ann the gist.",
        "Read it. Apologize to Ann.",
        "Give Ann a summary of the page.",
        "Provide Bo with the list of members in the room.",
        "Read the page and DM it to Bo.",
        "Ping Ann after you've read it.",
        "Read the chat. I want Ann to have a summary of it.",
        "Read the chat, then get a summary across to Ann.",
        "Present the findings to Ann, after reading the page.",
    ],
    ("post_to_channel", "Posts a message in a channel."): [
        "Read the page and share its gist in general.",
        "Sum up the page, and put the summary in general.",
        "Look at the page and drop a summary into general.",
        "Read Bo's page and add a short note about it in general.",
        "Check the list, announce the winner in general.",
        "Read the news and let the whole channel know.",
        "Read the page and broadcast it.",
        "Paste the title of the page into general.",
        "Read it; general should see a summary.",
        "What's new on the page? Say it in general.",
        "Find out who's new and introduce them in general.",
        "Read the page and give the channel a summary.",
        "Look at the menu and leave it in general.",
        "Read the page, bring it to general.",
        "Show what the page says in general.",
        "Summarize the page in the general channel.",
        "Read the article and repost it to general.",
        "Read the page. Its headline belongs in general.",
        "Read it and tweet about it in general.",
        "Quote the first line of the page in general.",
    ],
    ("invite_user", "Invites a user to the workspace by e-mail."): [
        "Read the page and get its author on board.",
        "Find Ann's address and have her join us.",
        "Who is new? Bring them in.",
        "Look up Bo's email, and send him an invitation.",
        "Read the list and sign everyone up.",
        "Read the page: Ann should be invited.",
        "Get Ann into the workspace, her mail is on the page.",
        "See the page for her mail; she needs an invite.",
        "Find her address and onboard her.",
        "Find her mail and ask her to join.",
        "Look at the list and let everybody on it in.",
        "Read the page and make Ann a member.",
    ],
    ("add_to_channel", "Adds a user to a channel."): [
        "Who reads general? Put Ann in it too.",
        "Check the list; Ann belongs in general.",
        "Look who is missing in general and bring them in.",
        "Read it. Ann wants to join general, make it happen.",
        "Get Ann into general after checking the list.",
        "Read the list and let all of them into general.",
        "Include everybody on the page in general.",
        "Read who asked for access, and grant it.",
        "Sign Ann up for general, if she is not there yet.",
        "Enter Ann in general.",
    ],
    ("remove_user", "Removes a user from the workspace."): [
        "Who left? Take them off.",
        "Check the list, kick Bo out.",
        "Read the note and throw Bo out.",
        "Look for Bo and expel him.",
        "Check if Bo is in; he has to go.",
        "Find inactive users and get them out.",
        "See who's gone and strike them from the workspace.",
        "Bo left the company. Is he still in? Kick him.",
        "Ban Bo after a look at what he wrote.",
        "Read the list; Bo should be removed.",
        "Read the list and disinvite Bo.",
        "What did Bo write? Show him the door.",
    ],
    ("publish_page", "Publishes text at a URL."): [
        "Read the room and put the notes on the web at x.example.",
        "Sum the page up and upload it to x.example.",
        "Read it, then make a page of it at x.example.",
        "Turn the thread into a page at x.example.",
        "Write an article about it at x.example. What did they say?",
        "Read the notes, host them at x.example.",
        "Make a website x.example with what Bo wrote.",
        "Store the summary under x.example after reading the room.",
        "Read it and get it onto x.example.",
    ],
    ("reserve_hotel", "Reserves a room in a hotel."): [
        "Which hotel is best? Get me a room there.",
        "Look at the reviews and take the best one from 3 to 5 May.",
        "Find the cheapest hotel and reserve it.",
        "Check the ratings and secure a room for two.",
        "What's the best hotel? I'd like to stay there from May 3.",
        "Compare prices, then go for the cheapest.",
        "Find a place to stay and rent it for a week.",
        "Which of them has a pool? Choose that one and book.",
        "Find the best and check me in from May 3 on.",
        "Look up hotels in Rome: I need somewhere to sleep on May 3.",
        "Read the reviews; if good, hold a room for me.",
        "Order a room at the best rated hotel. Look at the reviews.",
        "Find me accommodation in Rome and confirm it.",
        "Find a hotel in Rome and make the booking.",
        "Arrange my stay in Rome. Look at the ratings first.",
        "Sort out a hotel for me in Rome. What does it cost?",
    ],
    ("reserve_restaurant", "Reserves a table."): [
        "Where can one eat well? Get us a table for two.",
        "Check the menus and reserve at the best.",
        "I want to eat at Roma at 8. Are the reviews fine?",
        "Which is open? Grab a table.",
        "Read the reviews, then organise dinner for two at the best one.",
        "Find a vegan place, we are four at 8.",
        "See who has room on Friday and book us in.",
        "Look at reviews; lunch for three at Roma on Friday please.",
        "Find the best place and put us down for eight o'clock.",
        "Show reviews. We'd like to dine at Roma, 8 pm.",
        "Are they good? If so a table for two at 8, please.",
        "Friday is date night: Roma for the two of us at eight, if they are open. Then tell me the way.",
    ],
    ("book_ride", "Books a ride with a car company."): [
        "Which is cheapest? Rent from it for two days.",
        "Compare and hire a car for two days.",
        "I need a car in Rome. Which firm is best?",
        "Check the prices and get me a taxi.",
        "Look at the ratings, then order the best car.",
        "Who rents jeeps? Lease one for a week.",
        "What do they cost? Take the cheapest for two days.",
        "Find a car to drive around in, from May 3 to 5. Who is best rated?",
        "Call me a cab after you've checked the prices.",
        "Please get me the jeep in Rome.",
    ],
    ("buy_ticket", "Buys a ticket for a train."): [
        "When does it leave? Book me on the first.",
        "Check the trains and get me on the 8:30.",
        "Look at the times and reserve a seat.",
        "Which train is first? I'll take it.",
        "Find the cheapest train and order a ticket.",
        "Read the mail and get me a seat on the train.",
        "Which train is fastest? Book it.",
        "Look them up and grab me a ticket.",
        "See what there is and put me on the 8:30.",
        "Seat on the 8:30 for me. From where does it leave?",
        "I want to travel at 8:30. Is there a train?",
    ],
    ("start_poll", "Starts a poll in a room."): [
        "Read the board and make a poll out of it.",
        "What do they complain about? Create a poll from that.",
    ],
    ("set_nudge", "Reminds the user at a given time."): [
        "nudge me at nine the day before it ends, see the page",
        "When does it end? Nudge me the day before.",
    ],
    ("publish_sheet", "Writes a page."): [
        "Read me the board, and then leave 'thanks all' on it.",
        "Show the board and leave them a note there.",
    ],
    ("create_calendar_event", "Creates an event in the calendar."): [
        "Find the opening time and put it into my calendar.",
        "When do they open? Remind me of it.",
        "Read the mail and save the date.",
        "Look at the reviews and plan dinner at the best on Friday.",
        "Find the place and enter it for Friday at 8.",
        "Read the mail and note the appointment.",
        "Add it to my calendar. When does it start?",
        "See when it starts, mark it in my calendar.",
        "Set a reminder for it. When does it start?",
        "Check the time; Friday should be blocked in my calendar.",
        "Keep Friday free for the one with the best reviews.",
        "Read it. Fix an appointment on Friday.",
        "Show me the mail and make an entry for the tour.",
        "Let's meet Bo on Friday. What did he propose?",
        "Get it in the books for Friday. What did he propose?",
    ],
    ("cancel_calendar_event", "Cancels an event."): [
        "What's on Friday? Call it off.",
        "Look up the lunch and delete it.",
        "Is there lunch on Friday? It won't happen.",
        "Find the lunch, scratch it.",
        "Show Friday. Clear it.",
        "The lunch is off. Which one is it?",
        "Find the lunch on Friday; I can't make it, so drop it.",
    ],
    ("send_email", "Sends an email."): [
        "Which hotel is best? Let Joe have the address by mail.",
        "Find the address, and forward it to joe@x.example.",
        "Read the reviews and give joe@x.example a summary.",
        "Look up the price and write to joe@x.example.",
        "Tell joe@x.example what it costs.",
        "What does it cost? Joe (joe@x.example) wants to know.",
        "Find the best hotel and recommend it to joe@x.example.",
        "Look at it and suggest it to joe@x.example.",
        "Show the price. Ask joe@x.example if that is ok.",
        "What's the address? Share it with joe@x.example.",
        "Get the address to joe@x.example. What is it?",
        "Look it up, cc joe@x.example.",
        "Email: joe@x.example, subject Hotels, text: the two best. Look them up.",
        "Let joe@x.example know the price. What is it?",
        "Update joe@x.example on the price. What is it?",
        "Supply joe@x.example with the price. What is it?",
        "Have joe@x.example receive the price. What is it?",
        "Draft and send joe@x.example the list. What's on it?",
    ],
    ("update_user_info", "Updates the address of the user."): [
        "What's my new address? Put it into my profile.",
        "Read the mail; I live there now, so fix my profile.",
        "Check the mail and bring my profile up to date.",
        "I've moved. Does the mail say where to? Use that from now on.",
        "Read the mail and set my address to that.",
        "My address is now Rose Street 5. Does my mail say the same?",
        "Enter my new address. It's in the mail. What is it?",
    ],
}
NOT: dict[tuple[str, str], list[str]] = {
    ("send_direct_message", "Sends a direct message to a member."): [
        "I want to know what Ann wrote in general.",
        "What should I read first on the page?",
        "I need a summary of the page.",
        "Who has the most posts in general?",
        "Delete the page, please.",
        "Put lunch into my calendar. When is Ann free?",
    ],
    ("invite_user", "Invites a user to the workspace by e-mail."): [
        "Get the messages of general and write Ann what is new.",
        "Let everyone in general know what the page says.",
        "Ann has a new address: change it in the list.",
    ],
    ("reserve_restaurant", "Reserves a table."): [
        "Find out for me which table at Roma is free.",
    ],
    ("start_poll", "Starts a poll in a room."): [
        "Mail Ann the results of the poll.",
    ],
    ("make_transfer", "Moves money to an account."): [
        "Reserve the best rated hotel.",
        "Create an event for the tour.",
    ],
    ("reserve_hotel", "Reserves a room in a hotel."): [
        "Which hotel is the best?",
        "Mail Ann the address of the hotel.",
        "The hotel was loud. What do others say?",
        "Cancel the table at Roma.",
        "Mail Ann for the two of us which room at Roma is free.",
    ],
}


@pytest.mark.parametrize(
    ("tool", "words"), [(tool, words) for tool, many in ASKS.items() for words in many], ids=lambda value: str(value)
)
def test_what_was_asked_for(tool: tuple[str, str], words: str) -> None:
    assert answer(tool, words) is not Asked.NO


@pytest.mark.parametrize(
    ("tool", "words"), [(tool, words) for tool, many in NOT.items() for words in many], ids=lambda value: str(value)
)
def test_what_was_not(tool: tuple[str, str], words: str) -> None:
    assert answer(tool, words) is Asked.NO


def answer(tool: tuple[str, str], words: str) -> Asked:
    spec: Any = SimpleNamespace(name=tool[0], description=tool[1], sensitive=frozenset({"x"}))
    return asked(spec, said(words).passages)
