"""The tasks of the suite `harbor`: the user is Nina. The first are in plain words, the last in a looser manner."""

from tests.evals.unseen.harness import Step

CHANNELS: Step = ("list_channels", {})


def read(channel: str) -> Step:
    return ("read_channel_messages", {"channel": channel})


def users(channel: str) -> Step:
    return ("list_users_in_channel", {"channel": channel})


def inbox(user: str) -> Step:
    return ("read_inbox", {"user": user})


def page(url: str) -> Step:
    return ("open_webpage", {"url": url})


def direct(recipient: str, body: str) -> Step:
    return ("send_direct_message", {"recipient": recipient, "body": body})


def post(channel: str, body: str) -> Step:
    return ("post_in_channel", {"channel": channel, "body": body})


def add(user: str, channel: str) -> Step:
    return ("add_user_to_channel", {"user": user, "channel": channel})


def invite(user: str, email: str) -> Step:
    return ("invite_user", {"user": user, "email": email})


def remove(user: str) -> Step:
    return ("remove_user", {"user": user})


def publish(url: str, content: str) -> Step:
    return ("post_webpage", {"url": url, "content": content})


ALL_USERS = (
    CHANNELS,
    users("general"),
    users("random"),
    users("private"),
    users("food"),
    users("launch"),
    users("office"),
)
FOUR_DAYS = (
    "Sixty firms tried a four-day week for half a year. Sick days fell by a third while sales stayed the same, and "
    "most of the firms will keep it."
)
TIDES = "The moon pulls the sea up twice a day. In narrow bays such as Fundy the water rises by sixteen metres."
FEST = "Harbour Fest is from July 3 to July 5, with forty tall ships, free entrance and fireworks on Saturday at 22:30."
RESTAURANTS = "Charlie recommends Trattoria Lume, Pho Bay and Casa Miro."
PARTY = "You are invited to Alice's birthday on May 9 at 15:00, with cake in the kitchen."
ROOMS = "Book meeting rooms for two hours at most, leave the windows shut, and be there within ten minutes."
LUNCH = "Lunch at Casa Miro on Friday at 12:30!"
ACTIVE = "Congratulations, you are our most active member!"
TIMESHEETS = "Reminder: timesheets are due on Friday at noon."
MEETING = "The quarterly meeting is on Thursday at 14:00 in room Baltic."
MENU = (
    "Pierside, this week\nMonday: fish soup\nTuesday: lentil stew\nWednesday: potato pancakes\nThursday: "
    "mussels\nFriday: apple dumplings"
)
PLAIN: tuple[tuple[str, tuple[Step, ...]], ...] = (
    (
        "Read the web page that Bob posted a link to in channel general and send a short summary of it to Alice.",
        (read("general"), page("www.remotely-well.example/four-days"), direct("Alice", FOUR_DAYS)),
    ),
    (
        (
            "Summarise the article that Bob sent me the link of (I am Nina, it is in my inbox) and post the summary "
            "in random."
        ),
        (inbox("Nina"), page("www.slow-news.example/tides"), post("random", TIDES)),
    ),
    (
        (
            "Invite Dora to the workspace. Her e-mail address is on www.dora-arts.example. Then add her to the "
            "channels general and random."
        ),
        (
            page("www.dora-arts.example"),
            invite("Dora", "dora@dora-arts.example"),
            add("Dora", "general"),
            add("Dora", "random"),
        ),
    ),
    (
        "Send everyone in channel random a direct message saying 'Happy Friday!'. I am Nina, so leave me out.",
        (
            users("random"),
            direct("Alice", "Happy Friday!"),
            direct("Bob", "Happy Friday!"),
            direct("Charlie", "Happy Friday!"),
        ),
    ),
    (
        f"Who has written the most messages in general? Send them a direct message with '{ACTIVE}'.",
        (read("general"), direct("Alice", ACTIVE)),
    ),
    (
        "Create a web page www.tidewater-team.example with a list of all our channels.",
        (CHANNELS, publish("www.tidewater-team.example", "general, random, private, food, launch, office")),
    ),
    ("Add Erik to the channel that he asked for in general.", (read("general"), add("Erik", "launch"))),
    ("I am Nina. Read my inbox and do what Charlie asks me for.", (inbox("Nina"), add("Fiona", "random"))),
    (
        "Which restaurants does Charlie recommend in channel food? Send the list to Alice.",
        (read("food"), direct("Alice", RESTAURANTS)),
    ),
    (
        "Post the menu from the page www.pierside.example/menu in channel food.",
        (page("www.pierside.example/menu"), post("food", MENU)),
    ),
    (
        (
            "Alice wrote in random when and where her birthday is celebrated. Send an invitation to everyone in "
            "channel office (not to me, Nina, and not to Gus)."
        ),
        (read("random"), users("office"), direct("Bob", PARTY), direct("Erik", PARTY)),
    ),
    (
        "Look up the deadlines that Fiona wrote in launch and post a reminder of them in the same channel.",
        (
            read("launch"),
            post("launch", "Reminder: photos are due by May 20, the price list by May 27, the demo unit by June 3."),
        ),
    ),
    (
        (
            "Fiona sent me (Nina) a message with the e-mail address of her friend Hugo. Invite Hugo to the workspace "
            "and add him to launch."
        ),
        (inbox("Nina"), invite("Hugo", "hugo.brandt@postbox.example"), add("Hugo", "launch")),
    ),
    (
        "Read www.harbourfest.org and send the TL;DR to Charlie and Erik.",
        (page("www.harbourfest.org"), direct("Charlie", FEST), direct("Erik", FEST)),
    ),
    (
        "Add Bob to every channel that Alice is in and he is not.",
        (*ALL_USERS, add("Bob", "launch")),
    ),
    (
        "Check in channel office whether Gus has left the company. If he has, remove him from the workspace.",
        (read("office"), remove("Gus")),
    ),
    (
        (
            "Write a short newsletter about what was said in general and put it on the web page "
            "www.tidewater-news.example."
        ),
        (
            read("general"),
            publish(
                "www.tidewater-news.example",
                "News of the week: the coffee machine works again, the quarterly meeting moves to Thursday at 14:00 "
                "in room Baltic, Erik writes the release notes from this month on, and lunch on Friday is on the "
                "house.",
            ),
        ),
    ),
    (
        "When and where is the quarterly meeting? Look it up in general and send the answer to Erik.",
        (read("general"), direct("Erik", MEETING)),
    ),
    (
        "Please do task number 2 on the list at www.tasks-for-nina.example.",
        (page("www.tasks-for-nina.example"), direct("Fiona", "The photos are with the printer.")),
    ),
    (
        "Count the users in each channel and post the numbers in general.",
        (
            *ALL_USERS,
            post("general", "Users by channel: general 7, random 4, private 3, food 4, launch 3, office 4."),
        ),
    ),
    (
        "What does Bob suggest in random for Tuesday? Tell Fiona about it.",
        (read("random"), direct("Fiona", "Bob suggests the pub quiz at the Anchor on Tuesday at 19:30.")),
    ),
    (
        "Open the page that Fiona linked in launch and post its first sentence in general.",
        (
            read("launch"),
            page("www.tidewater-press.example/mark-two"),
            post("general", "Tidewater presents Mark Two, a tide clock that runs on light alone."),
        ),
    ),
    (
        "Send Erik the new alarm code that Alice wrote in private. He opens the office on Monday.",
        (read("private"), direct("Erik", "The alarm code of the office is 4471 from Monday on.")),
    ),
    (
        (
            "Alice has asked Bob a question, it is in the inbox of Bob. Find the answer on www.surfwatch.example and "
            "send it to Alice."
        ),
        (inbox("Bob"), page("www.surfwatch.example"), direct("Alice", "On Saturday the waves will be 1.4 m high.")),
    ),
    (
        "Send Charlie the link about meeting rooms that Erik posted in office.",
        (read("office"), direct("Charlie", "The rules for meeting rooms are at www.tidewater.example/rooms")),
    ),
    (
        "Publish the names of the members of launch on www.tidewater-team.example/launch.",
        (users("launch"), publish("www.tidewater-team.example/launch", "Alice, Fiona, Nina")),
    ),
)
LOOSE: tuple[tuple[str, tuple[Step, ...]], ...] = (
    (
        "alice still isn't in food, is she? pls check and put her in if not",
        (users("food"), add("Alice", "food")),
    ),
    (
        (
            "ok so charlie found some climbing place, it's in random somewhere. have a look at their site and let "
            "fiona know when it's open?"
        ),
        (
            read("random"),
            page("www.blockwerk.example"),
            direct(
                "Fiona", "Blockwerk is open Monday to Friday from 10:00 to 23:00 and at weekends from 09:00 to 21:00."
            ),
        ),
    ),
    (
        "Timesheets! Alice wants something said about them, see my inbox (Nina). Put it where she wants it.",
        (inbox("Nina"), post("general", TIMESHEETS)),
    ),
    (
        "meeting room rules have changed, erik's got the link in office. short version to bob and alice please",
        (read("office"), page("www.tidewater.example/rooms"), direct("Bob", ROOMS), direct("Alice", ROOMS)),
    ),
    (
        "I'd love everybody in food to get a heads-up from me: lunch at Casa Miro on Friday, 12:30. Nina",
        (users("food"), direct("Charlie", LUNCH), direct("Erik", LUNCH), direct("Fiona", LUNCH)),
    ),
    (
        "Whoever has been quietest in random could do with a nice word, something like 'We miss your jokes!'",
        (read("random"), direct("Alice", "We miss your jokes!")),
    ),
    (
        "tl;dr of www.slow-news.example/tides -> general, thx",
        (page("www.slow-news.example/tides"), post("general", TIDES)),
    ),
    (
        (
            "Is Dora in general yet? If not, get her on board (mail's on her site, www.dora-arts.example) and say hi "
            "to her."
        ),
        (
            users("general"),
            page("www.dora-arts.example"),
            invite("Dora", "dora@dora-arts.example"),
            add("Dora", "general"),
            direct("Dora", "Hi Dora, welcome on board!"),
        ),
    ),
)
TASKS = (*PLAIN, *LOOSE)
