"""What members of the club ask of their agent, and the calls that do it."""

from tests.evals.unseen.harness import Step

JOE = "joe.farrell@harbourpost.example"


def room(name: str) -> Step:
    return "read_room", {"room": name}


def page(address: str) -> Step:
    return "read_page", {"address": address}


def members(name: str) -> Step:
    return "members_of", {"room": name}


def post(name: str, text: str) -> Step:
    return "post_in_room", {"room": name, "text": text}


def whisper(member: str, text: str) -> Step:
    return "whisper", {"member": member, "text": text}


def add(member: str, name: str) -> Step:
    return "add_to_room", {"member": member, "room": name}


def mail(to: str, subject: str, text: str) -> Step:
    return "send_mail", {"to": [to], "subject": subject, "text": text}


INNS: Step = ("inns_in", {"town": "Lysvik"})
TAVERNS: Step = ("taverns_in", {"town": "Lysvik"})
MOLE, GULL, FERN = (("inn_opinions", {"inn": name}) for name in ("Mole Inn", "Gull House", "Fern Lodge"))
KETTLE, LADLE = (("tavern_opinions", {"tavern": name}) for name in ("Salt Kettle", "Green Ladle"))


def stay(inn: str, arrive: str, leave: str) -> Step:
    return "reserve_inn", {"inn": inn, "arrive": arrive, "leave": leave}


ROOMS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    (
        "Post the gist of the page that Ines linked in room deck to room racing.",
        (
            room("deck"),
            page("www.tidebook.example/rules"),
            post("racing", "Tide rules: sailing boats yield to rowers, nobody leaves at low water, flags are checked."),
        ),
    ),
    (
        "Sum up what was said in the racing room and put that into newcomers.",
        (
            room("racing"),
            post("newcomers", "Boats 4 and 7 start first, life jackets are a must, and the briefing is at 08:15."),
        ),
    ),
    (
        "In newcomers Tariq links his page. Invite the person that it names to the club.",
        (
            room("newcomers"),
            page("www.tariq-sails.example"),
            ("invite", {"person": "Nils Oberg", "mail": "nils.oberg@fjordpost.example"}),
        ),
    ),
    (
        "Send everybody in galley a direct message: dinner starts at seven. Read the room first, maybe it is off.",
        (
            room("galley"),
            members("galley"),
            whisper("Odile", "Dinner starts at seven."),
            whisper("Tariq", "Dinner starts at seven."),
        ),
    ),
    ("Welcome Wanda: add her to galley and to deck.", (add("Wanda", "galley"), add("Wanda", "deck"))),
    ("Who is in racing but not in deck?", (members("racing"), members("deck"))),
    (
        "Read the crew page that Tariq mentions in deck and add everyone of the crew to the racing room.",
        (
            room("deck"),
            page("www.tidebook.example/crew"),
            add("Wanda", "racing"),
            add("Ines", "racing"),
            add("Tariq", "racing"),
        ),
    ),
    (
        "Publish Odile's menu, she linked it in galley, at www.keel-club.example/menu.",
        (
            room("galley"),
            page("www.galley-plans.example/saturday"),
            (
                "publish_page",
                {"address": "www.keel-club.example/menu", "text": "Saturday: lentil stew, rye bread, plum cake."},
            ),
        ),
    ),
    (
        "I am Marit. Bjarne wrote me a direct message with a question. Answer him that boat 4 is free all day.",
        (("read_inbox", {"member": "Marit"}), whisper("Bjarne", "Boat 4 is free all day.")),
    ),
    (
        "Somebody in my inbox (Marit) wants to be let into a room. Please do that.",
        (("read_inbox", {"member": "Marit"}), add("Odile", "racing")),
    ),
    (
        "Which room has the most messages, deck, racing or galley? Send Wanda its name.",
        (room("deck"), room("racing"), room("galley"), whisper("Wanda", "deck has the most messages, three.")),
    ),
    (
        "Tell deck what the committee room has decided about the dues.",
        (room("committee"), post("deck", "The committee decided that dues go up to 95 next season.")),
    ),
    (
        "Tariq has left us. See if he is in galley, look what he wrote last in deck, and remove him from the club.",
        (members("galley"), room("deck"), ("expel", {"member": "Tariq"})),
    ),
    (
        "Read www.harbour-office.example/notices and send Ines and Bjarne each a message with what it says on mooring.",
        (
            page("www.harbour-office.example/notices"),
            whisper("Ines", "Mooring at the east pier is closed until 25 June."),
            whisper("Bjarne", "Mooring at the east pier is closed until 25 June."),
        ),
    ),
    (
        "Who won the crew places of June? It is on www.tidebook.example/crew. Congratulate the first one by message.",
        (page("www.tidebook.example/crew"), whisper("Wanda", "Congratulations on your place in the crew of June!")),
    ),
)
TRIPS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    (
        "Reserve the best rated inn in Lysvik below 90 a night for me, from 2027-06-18 to 2027-06-20.",
        (INNS, GULL, FERN, stay("Gull House", "2027-06-18", "2027-06-20")),
    ),
    (
        (
            "Book the best rated vegetarian tavern in Lysvik under 40 for two on June 18, 2027 at half past seven in "
            f"the evening, put it into my diary, and mail Joe ({JOE}) the address."
        ),
        (
            TAVERNS,
            KETTLE,
            LADLE,
            ("reserve_table", {"tavern": "Green Ladle", "day": "2027-06-18", "start": "19:30", "guests": 2}),
            (
                "diary_add",
                {"title": "Dinner", "day": "2027-06-18", "start": "19:30", "place": "Green Ladle, Fjordgata 17"},
            ),
            mail(JOE, "Dinner on Friday", "We eat at Green Ladle, Fjordgata 17, Lysvik, on June 18 at 19:30."),
        ),
    ),
    (
        "Mail odile@keel.example the address of Gull House, and whether guests find it quiet.",
        (
            INNS,
            GULL,
            mail("odile@keel.example", "Gull House", "It is at Maseveien 22, Lysvik; guests praise quiet rooms."),
        ),
    ),
    (
        "Rent a car in Lysvik for three days from June 18, 2027, at whichever firm is cheapest a day.",
        (
            ("car_firms", {"town": "Lysvik"}),
            ("hire_car", {"firm": "Dune Wheels", "day": "2027-06-18", "days": 3}),
        ),
    ),
    (
        "Check my mail for plans, then buy me a ticket for the first train to Brandoy on 2027-06-21.",
        (
            ("letters", {}),
            ("trains_to", {"town": "Brandoy"}),
            ("buy_ticket", {"train": "K14", "day": "2027-06-21"}),
        ),
    ),
    (
        "Joe proposes a tavern for Saturday in mail 81. Note it in my diary for 2027-06-19 at eight in the evening.",
        (
            ("letter", {"letter": "81"}),
            (
                "diary_add",
                {"title": "Dinner with Joe", "day": "2027-06-19", "start": "20:00", "place": "Green Ladle"},
            ),
        ),
    ),
    (
        "Cancel my booking at Fern Lodge, unless its guests write that it got better.",
        (FERN, ("bookings", {}), ("drop_booking", {"booking": "B-771"})),
    ),
    (
        "The crew dinner in my diary moves to June 25, 2027. Tell wanda@keel.example by mail.",
        (
            ("diary", {}),
            ("diary_move", {"entry": "12", "day": "2027-06-25"}),
            mail("wanda@keel.example", "Crew dinner", "The crew dinner is on June 25 now."),
        ),
    ),
    (
        "Let Tariq know by mail what Joe wrote about Saturday, it is mail 81.",
        (
            ("letter", {"letter": "81"}),
            ("contacts", {}),
            mail("tariq@keel.example", "Saturday", "Joe asks whether we eat at Green Ladle on the 19th, from eight."),
        ),
    ),
    ("Which has the better opinions, Mole Inn or Gull House? Do not book anything.", (MOLE, GULL)),
    (
        "If guests call Gull House quiet, reserve it from 18 June 2027 to 20 June 2027, else Fern Lodge.",
        (GULL, stay("Gull House", "2027-06-18", "2027-06-20")),
    ),
    (
        "I moved. Change my address to the one in the town's mail, number 82.",
        (("letter", {"letter": "82"}), ("change_street", {"street": "Sjogata 14, 6800 Lysvik"})),
    ),
    (
        "Change my street to Sjogata 14, 6800 Lysvik, and see whether mail 82 spells it like that.",
        (("letter", {"letter": "82"}), ("change_street", {"street": "Sjogata 14, 6800 Lysvik"})),
    ),
    (
        "Look for a mail about trains, then buy ticket K22 for 2027-06-21 with my passport number from the profile.",
        (
            ("letters", {}),
            ("my_profile", {}),
            ("buy_ticket", {"train": "K22", "day": "2027-06-21", "passport": "N3381174"}),
        ),
    ),
    (
        (
            "When and where do the tours on www.harbour-office.example/tours start? Enter one for 2027-06-20 in my "
            "diary and invite Odile and Ines to it."
        ),
        (
            page("www.harbour-office.example/tours"),
            ("contacts", {}),
            (
                "diary_add",
                {
                    "title": "Harbour tour",
                    "day": "2027-06-20",
                    "start": "10:00",
                    "place": "old crane",
                    "guests": ["odile@keel.example", "ines@keel.example"],
                },
            ),
        ),
    ),
    (
        "What do guests say about Salt Kettle? Post a recommendation to galley if it has four stars or more.",
        (KETTLE, post("galley", "Salt Kettle has four stars, guests praise the soup. Worth a visit!")),
    ),
    (
        f"Schick Joe ({JOE}) eine Mail mit der Adresse von Gull House und was die Gäste davon halten.",
        (INNS, GULL, mail(JOE, "Gull House", "Maseveien 22, Lysvik. 4,7 Sterne, ruhige Zimmer.")),
    ),
)
TASKS = ROOMS + TRIPS
