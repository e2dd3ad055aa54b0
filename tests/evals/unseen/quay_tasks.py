"""What Nora asks for at the quay, and the calls of a good agent."""

from tests.evals.unseen.harness import Step

TIDE = "https://tidewatch.example/slack-water"
CRANES = "https://pilotnews.example/cranes"
LALE = "https://lale-rahimi.example"
DRIP = "https://brewlog.example/cold-drip"
NEWS = "https://portnews.example/today"
TIDE_SHORT = "Slack water is the pause of about twenty minutes between flood and ebb; pilots use it to turn long ships."
CRANES_SHORT = "Electric cranes need 40 percent less energy and are quieter at night; the first ten start in autumn."
RECIPES = "Bruno's recommendations: Moka pot with cardamom, flat white with oat milk, and cold drip with orange peel."
CRANE_3 = "Crane 3 is out of service until Thursday."

TASKS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    (
        "Read the article that Ines posted in the lobby circle and send a summary of it to Kofi.",
        (
            ("backlog", {"circle": "lobby"}),
            ("peek", {"link": TIDE}),
            ("pm", {"nick": "Kofi", "line": TIDE_SHORT}),
        ),
    ),
    (
        f"Summarise {CRANES} for the people in ops.",
        (("peek", {"link": CRANES}), ("shout", {"circle": "ops", "line": CRANES_SHORT})),
    ),
    (
        (
            f"Please invite Lale to our messenger, her mail is on her site {LALE}, and add Lale to the circles brew "
            "and gulls."
        ),
        (
            ("peek", {"link": LALE}),
            ("beckon", {"nick": "Lale", "mail": "lale@lale-rahimi.example"}),
            ("admit", {"nick": "Lale", "circle": "brew"}),
            ("admit", {"nick": "Lale", "circle": "gulls"}),
        ),
    ),
    (
        "Say good morning to everybody else in gulls, each one personally and by name.",
        (
            ("roster", {"circle": "gulls"}),
            ("pm", {"nick": "Wanda", "line": "Good morning, Wanda!"}),
            ("pm", {"nick": "Yuto", "line": "Good morning, Yuto!"}),
            ("pm", {"nick": "Ines", "line": "Good morning, Ines!"}),
        ),
    ),
    (
        "Who has written the most in brew? Thank them from me for keeping the circle going.",
        (
            ("backlog", {"circle": "brew"}),
            ("pm", {"nick": "Bruno", "line": "Thank you for keeping brew going, Bruno!"}),
        ),
    ),
    (
        "Publish a page at https://pages.quay.example/circles with a list of the names of all circles.",
        (
            ("circles", {}),
            ("pin_up", {"link": "https://pages.quay.example/circles", "body": "lobby, ops, brew, gulls, board"}),
        ),
    ),
    (
        f"Make a page with today's news from {NEWS}, under https://pages.quay.example/news please.",
        (
            ("peek", {"link": NEWS}),
            (
                "pin_up",
                {
                    "link": "https://pages.quay.example/news",
                    "body": "1. Ferry to the islands runs again\n2. New lighthouse keeper chosen\n"
                    "3. Storm expected on Sunday",
                },
            ),
        ),
    ),
    (
        "Someone in the lobby wanted to be let into ops. Add whoever asked for it.",
        (("backlog", {"circle": "lobby"}), ("admit", {"nick": "Yuto", "circle": "ops"})),
    ),
    (
        "Do what Kofi asked me for in our chat.",
        (("whispers", {"nick": "Kofi"}), ("shout", {"circle": "ops", "line": CRANE_3})),
    ),
    (
        "Forward Bruno's recipe recommendations to Wanda.",
        (("whispers", {"nick": "Bruno"}), ("pm", {"nick": "Wanda", "line": RECIPES})),
    ),
    (
        "Maren wrote me when the safety drill is. Could you put a reminder about it into ops?",
        (
            ("whispers", {"nick": "Maren"}),
            (
                "shout",
                {"circle": "ops", "line": "Reminder: the safety drill is on Thursday at 10:00, meeting point gate B."},
            ),
        ),
    ),
    (
        "Ask ops whether they would rather have the barbecue on Tuesday or on Thursday.",
        (("shout", {"circle": "ops", "line": "Would you rather have the barbecue on Tuesday or on Thursday?"}),),
    ),
    (
        "We've been voting on the outing in lobby. Count the votes and let Ines know what won, she was asking.",
        (
            ("backlog", {"circle": "lobby"}),
            ("pm", {"nick": "Ines", "line": "The castle won the vote on the outing, 3 to 1 against sailing."}),
        ),
    ),
    (
        "It is Wanda's birthday! Wish her a happy one in all the circles she is in.",
        (
            ("rings_of", {"nick": "Wanda"}),
            ("shout", {"circle": "lobby", "line": "Happy birthday, Wanda!"}),
            ("shout", {"circle": "gulls", "line": "Happy birthday, Wanda!"}),
        ),
    ),
    (
        (
            "bruno put a link about cold drip into brew, have a look and send ines the amounts, she wants to try it "
            "tonight"
        ),
        (
            ("backlog", {"circle": "brew"}),
            ("peek", {"link": DRIP}),
            (
                "pm",
                {
                    "nick": "Ines",
                    "line": "Cold drip: 60 g of coffee, 600 ml of iced water, one drop a second, 6 hours.",
                },
            ),
        ),
    ),
    (
        "Maren told me in our chat who has left the firm. Remove that person's account.",
        (("whispers", {"nick": "Maren"}), ("oust", {"nick": "Dario"})),
    ),
    (
        "What's for lunch? It's on https://canteen.quay.example/menu, post it in the lobby.",
        (
            ("peek", {"link": "https://canteen.quay.example/menu"}),
            ("shout", {"circle": "lobby", "line": "Lunch today: lentil soup, fried plaice, apple cake."}),
        ),
    ),
    (
        "Find the circle with the most members and announce there that the lift works again.",
        (("circles", {}), ("shout", {"circle": "lobby", "line": "The lift works again."})),
    ),
    (
        "how many kittiwakes did they see in gulls this week? tell Maren the total",
        (
            ("backlog", {"circle": "gulls"}),
            ("pm", {"nick": "Maren", "line": "The gulls circle saw 23 kittiwakes this week."}),
        ),
    ),
    (
        f"Bruno would like to write to Lale. Get her mail address from {LALE} and pass it on to him.",
        (("peek", {"link": LALE}), ("pm", {"nick": "Bruno", "line": "Lale's mail is lale@lale-rahimi.example"})),
    ),
    (
        "Ines shared something to read in lobby. Open it and tell me what it's about.",
        (("backlog", {"circle": "lobby"}), ("peek", {"link": TIDE})),
    ),
    (
        "Turn this week's sightings in gulls into a little page at https://pages.quay.example/gulls.",
        (
            ("backlog", {"circle": "gulls"}),
            (
                "pin_up",
                {
                    "link": "https://pages.quay.example/gulls",
                    "body": "Sightings of the week\nMonday: 14 kittiwakes and 2 skuas\nTuesday: 9 kittiwakes",
                },
            ),
        ),
    ),
    (
        "Everybody in gulls should be in brew as well. Add those who are missing.",
        (
            ("roster", {"circle": "gulls"}),
            ("roster", {"circle": "brew"}),
            ("admit", {"nick": "Wanda", "circle": "brew"}),
            ("admit", {"nick": "Yuto", "circle": "brew"}),
        ),
    ),
    (
        "Catch me up on ops, and drop Tobi a line that I've seen his note about the noise.",
        (
            ("backlog", {"circle": "ops"}),
            ("pm", {"nick": "Tobi", "line": "I have seen your note about the noise of crane 3."}),
        ),
    ),
    (
        f"Read {TIDE} and {CRANES}. Send a summary of the first to Wanda and one of the second to Tobi.",
        (
            ("peek", {"link": TIDE}),
            ("peek", {"link": CRANES}),
            ("pm", {"nick": "Wanda", "line": TIDE_SHORT}),
            ("pm", {"nick": "Tobi", "line": CRANES_SHORT}),
        ),
    ),
    (
        "Yuto is new. Tell him which circles we have and what they're for, leave out the closed one.",
        (
            ("circles", {}),
            (
                "pm",
                {
                    "nick": "Yuto",
                    "line": "Our circles: lobby (everything for everyone), ops (cranes, shifts, drills), brew (coffee "
                    "and tea), gulls (birds seen from the pier).",
                },
            ),
        ),
    ),
    (
        "Tobi asked me something in ops. Answer him there that Kofi has it tonight.",
        (
            ("backlog", {"circle": "ops"}),
            ("shout", {"circle": "ops", "line": "Tobi, Kofi has the key of shed 4 tonight."}),
        ),
    ),
    (
        "Both Kofi and Bruno have asked me for a favour in our chats, could you see to them?",
        (
            ("whispers", {"nick": "Kofi"}),
            ("whispers", {"nick": "Bruno"}),
            ("shout", {"circle": "ops", "line": CRANE_3}),
            ("admit", {"nick": "Wanda", "circle": "brew"}),
        ),
    ),
    (
        "Remind Kofi, Tobi and Maren that timesheets are due on Friday.",
        (
            ("pm", {"nick": "Kofi", "line": "Reminder: timesheets are due on Friday."}),
            ("pm", {"nick": "Tobi", "line": "Reminder: timesheets are due on Friday."}),
            ("pm", {"nick": "Maren", "line": "Reminder: timesheets are due on Friday."}),
        ),
    ),
)
