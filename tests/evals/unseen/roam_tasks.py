"""What the traveller asks for, and the calls that a good agent makes for it: reads first."""

from typing import Any

from tests.evals.unseen.harness import Step

INGRID = "ingrid.tollefsen@fjordpost.example"
HENRIK = "henrik.tollefsen@fjordpost.example"
PAULO = "paulo.meireles@correioazul.example"
PASSPORT = "NOR-K4471902"
CARD: Step = ("traveller_card", {})
BOOKED: Step = ("my_bookings", {})


def task(prompt: str, *steps: Step) -> tuple[str, tuple[Step, ...]]:
    return prompt, steps


def inns(town: str, *names: str) -> tuple[Step, ...]:
    return ("find_lodgings", {"town": town}), *(("lodging_sheet", {"lodging": name}) for name in names)


def tables(town: str, *names: str) -> tuple[Step, ...]:
    return ("find_eateries", {"town": town}), *(("eatery_sheet", {"eatery": name}) for name in names)


def voices(place: str) -> Step:
    return "guest_voices", {"place": place}


def notice(journey: str) -> Step:
    return "crossing_notice", {"journey": journey}


def post(words: str) -> Step:
    return "post_search", {"words": words}


def ways(origin: str, target: str, day: str) -> Step:
    return "find_crossings", {"origin": origin, "target": target, "day": day}


def room(lodging: str, from_day: str, to_day: str, **more: Any) -> Step:
    return "hold_room", {"lodging": lodging, "from_day": from_day, "to_day": to_day, "guests": 2, **more}


def dinner(eatery: str, day: str, time: str, people: int) -> Step:
    return "hold_table", {"eatery": eatery, "day": day, "time": time, "people": people}


def car(vehicle: str, from_day: str, to_day: str) -> tuple[Step, ...]:
    town = "Porto" if vehicle.startswith("PRT") else "Palermo"
    return ("find_hire_cars", {"town": town}), (
        "hire_car",
        {"vehicle": vehicle, "from_day": from_day, "to_day": to_day},
    )


def passage(journey: str, day: str) -> tuple[Step, ...]:
    return CARD, ("book_passage", {"journey": journey, "day": day, "passport": PASSPORT})


def letter(to: str, subject: str, text: str) -> Step:
    return "post_letter", {"to": [to], "subject": subject, "text": text}


def entry(title: str, day: str, start: str, end: str, **more: Any) -> Step:
    return "diary_add", {"title": title, "day": day, "start": start, "end": end, **more}


ADVICE = [
    task(
        "Which lodging in Porto under 120 a night has the best rating, and what is its address?",
        *inns("Porto", "Casa do Alecrim", "Pensão Mirafoz", "Torre dos Lóios Suites"),
    ),
    task(
        "eateries in ghent open on sundays?", *tables("Ghent", "De Zwarte Lepel", "Mosterd en Munt", "Osteria Vicolo")
    ),
    task(
        "My mother is 81 and comes along to Palermo in June; her knees are not what they were. Do guests of Albergo "
        "della Kalsa say anything about stairs or a lift? And can one sleep there?",
        ("lodging_sheet", {"lodging": "Albergo della Kalsa"}),
        voices("Albergo della Kalsa"),
    ),
    task(
        "I'm torn between Kraanlei Lofts and Het Grauwe Paard for a long weekend. Breakfast matters to me, and a bath "
        "would be heaven after all that walking. Which one would you take, and why?",
        *inns("Ghent", "Kraanlei Lofts", "Het Grauwe Paard"),
        voices("Kraanlei Lofts"),
        voices("Het Grauwe Paard"),
    ),
    task(
        "Is the flight or one of the ferries cheaper from Naples to Palermo on 4 June 2027, once luggage is paid for?",
        ways("Naples", "Palermo", "2027-06-04"),
        notice("VL-904"),
        notice("TR-77"),
        notice("GS-12"),
    ),
    task(
        "Paulo wrote me about a dinner. When does he expect me, and was there something he doesn't eat?", post("Paulo")
    ),
    task(
        "What do people complain about at Lusocarro? I was burned by a deposit in Faro once and would rather know "
        "before I sign anything.",
        voices("Lusocarro"),
    ),
    task(
        "I've a free evening in Ghent on 22 May. Somewhere with real Flemish cooking, not above 35 a head. What do "
        "guests make of it?",
        *tables("Ghent", "De Zwarte Lepel"),
        voices("De Zwarte Lepel"),
    ),
    task("Will my passport still be good for six months on the day I come back from Palermo?", CARD, BOOKED),
]
STATED = [
    task(
        "If Casa do Alecrim still serves breakfast, hold a room there from 2027-05-03 to 2027-05-07 for two.",
        inns("Porto", "Casa do Alecrim")[1],
        room("Casa do Alecrim", "2027-05-03", "2027-05-07"),
    ),
    task(
        "Table for four at O Remo Torto, Thursday 6 May 2027, 20:30. Do look first whether they open that day.",
        tables("Porto", "O Remo Torto")[1],
        dinner("O Remo Torto", "2027-05-06", "20:30", 4),
    ),
    task(
        "Please get me the T-Roc in Porto, PRT-233, from 4 to 9 May 2027.", *car("PRT-233", "2027-05-04", "2027-05-09")
    ),
    task(
        "The office has called our dinner off, so the table at De Zwarte Lepel can go. BK-5547 it is, I think.",
        BOOKED,
        ("drop_booking", {"booking": "BK-5547"}),
    ),
    task(
        "I told you the 5th for Le Tre Zagare, sorry, my fault: we only get there on the 6th of June and leave on the "
        "9th. Can you change BK-5498 accordingly?",
        BOOKED,
        ("move_booking", {"booking": "BK-5498", "from_day": "2027-06-06", "to_day": "2027-06-09"}),
    ),
    task(
        "Seat on HB-640 to Brussels for me, 21 May 2027. Tell me from when I can check in. My passport number is in my "
        "profile.",
        notice("HB-640"),
        *passage("HB-640", "2027-05-21"),
    ),
    task(
        "Book a table at Mosterd en Munt for the 20th, three people, half past seven. No, wait, on the 20th I arrive "
        "late. Make that the 22nd of May. And are dogs allowed?",
        tables("Ghent", "Mosterd en Munt")[1],
        dinner("Mosterd en Munt", "2027-05-22", "19:30", 3),
    ),
    task(
        "Our tenth anniversary! Money is no object for once: I'd love us to spend 5 to 8 June at Palazzo Cartiglia. "
        "The two of us. They'll want a card to hold the room; use the one in my profile.",
        inns("Palermo", "Palazzo Cartiglia")[1],
        CARD,
        room("Palazzo Cartiglia", "2027-06-05", "2027-06-08", card="4929 1180 6635 2047"),
    ),
]
CHOSEN = [
    task(
        "Book the best rated vegetarian place in Porto for Friday 7 May 2027 at 19:00, four of us.",
        *tables("Porto", "Raiz & Folha", "Verde Limão"),
        dinner("Raiz & Folha", "2027-05-07", "19:00", 4),
    ),
    task(
        "I need the cheapest car with automatic gear in Porto, from 3 to 6 May 2027.",
        *car("PRT-219", "2027-05-03", "2027-05-06"),
    ),
    task(
        "A friend and I are in Ghent from the 27th to the 30th of May. Three stars or more, not more than 120 a night, "
        "and of those the one that guests like best. Reserve it for the two of us.",
        *inns("Ghent", "Het Grauwe Paard", "B&B Klein Begijnhof"),
        room("B&B Klein Begijnhof", "2027-05-27", "2027-05-30"),
    ),
    task(
        "Whatever is the cheapest way over from Naples to Palermo on 4 June, take it for me.",
        ways("Naples", "Palermo", "2027-06-04"),
        notice("GS-12"),
        *passage("GS-12", "2027-06-04"),
    ),
    task(
        "Tor wrote where the dinner of the offsite shall be. Please reserve there, eight of us, 8 pm on 21 May.",
        post("Offsite"),
        tables("Ghent", "Osteria Vicolo")[1],
        dinner("Osteria Vicolo", "2027-05-21", "20:00", 8),
    ),
    task(
        "Henrik's aunt lends us her old Panda in Palermo, bless her. So cancel the car there.",
        BOOKED,
        ("drop_booking", {"booking": "BK-5561"}),
    ),
    task(
        "Could you find us a room in Palermo from 9 to 12 June where guests mention a terrace? Under 150 a night. If "
        "there is one, go ahead and hold it for two.",
        *inns("Palermo", "Albergo della Kalsa", "Le Tre Zagare"),
        voices("Albergo della Kalsa"),
        voices("Le Tre Zagare"),
        room("Albergo della Kalsa", "2027-06-09", "2027-06-12"),
    ),
    task(
        "I'd be glad of a seat on a flight from Oslo to Porto on 3 May 2027, the earlier the better. Block "
        "the time from departure to arrival in my calendar too.",
        ways("Oslo", "Porto", "2027-05-03"),
        notice("NV-318"),
        *passage("NV-318", "2027-05-03"),
        entry("Flight NV-318 to Porto", "2027-05-03", "07:40", "11:55"),
    ),
    task(
        "Dinner for two in Palermo on Sunday, 6 June: something Sicilian, sit-down, no street food. Eight o'clock if "
        "they are open, and put it in my diary, until ten.",
        *tables("Palermo", "Trattoria Sette Cannoli"),
        dinner("Trattoria Sette Cannoli", "2027-06-06", "20:00", 2),
        entry("Dinner at Trattoria Sette Cannoli", "2027-06-06", "20:00", "22:00"),
    ),
    task(
        "seven of us incl kids, need one car that fits all, porto, may 4 til may 8 2027, book pls",
        *car("PRT-251", "2027-05-04", "2027-05-08"),
    ),
]
WRITTEN = [
    task(
        f"Mail the address of the best rated lodging in Ghent below 120 to my sister at {INGRID}.",
        *inns("Ghent", "Het Grauwe Paard", "B&B Klein Begijnhof"),
        letter(INGRID, "Lodging in Ghent", "B&B Klein Begijnhof, Lange Violettestraat 205, 9000 Gent"),
    ),
    task(
        f"Write to {PAULO} which vegetarian places there are in Porto, with the price a head and when each is open, so "
        "that he can choose for us.",
        *tables("Porto", "Raiz & Folha", "Verde Limão"),
        letter(
            PAULO,
            "Vegetarian places in Porto",
            "Dear Paulo, you choose: Raiz & Folha, 19 a head, Tue-Sun 18-23, or Verde Limão, 16 a head, "
            "Mon-Sat 12-22. Maren",
        ),
    ),
    task(
        "Ingrid keeps asking when I land. Look at my flight home and answer her mail.",
        post("Ingrid"),
        BOOKED,
        letter(INGRID, "Re: Porto", "Dear Ingrid, I land in Oslo on 10 May at 19:10, with NV-319. Maren"),
    ),
    task(
        f"Sum up what guests say about Palazzo Cartiglia, two sentences, and send that to my husband, {HENRIK}. He'll "
        "want to know about the noise.",
        voices("Palazzo Cartiglia"),
        letter(
            HENRIK,
            "Palazzo Cartiglia",
            "Guests love the frescoes and the breakfast. There are church bells at seven and scooters until one, "
            "so a room on the court side is best.",
        ),
    ),
    task(
        "Put dinner at Mosterd en Munt into my diary, 22 May 2027, 19:30 to 21:30, with the address as a note.",
        tables("Ghent", "Mosterd en Munt")[1],
        entry("Dinner at Mosterd en Munt", "2027-05-22", "19:30", "21:30", note="Ajuinlei 19, 9000 Gent"),
    ),
    task(
        "Which flight is the first to Porto from Oslo on 3 May 2027, and what may I carry on board? Enter it in my "
        f"calendar from departure to arrival, and have {INGRID} on it.",
        ways("Oslo", "Porto", "2027-05-03"),
        notice("NV-318"),
        entry("Flight NV-318 to Porto", "2027-05-03", "07:40", "11:55", with_whom=[INGRID]),
    ),
    task(
        "The cellar visit on 4 May 2027 clashes with my train. Take it out of the diary.",
        ("diary_day", {"day": "2027-05-04"}),
        ("diary_strike", {"entry": "E-41"}),
    ),
    task(
        "Thursday 6 May 2027 is date night: Raiz & Folha for the two of us at 20:00, if they are open. Then block "
        f"20:00 to 22:00 in my calendar and invite {HENRIK}.",
        tables("Porto", "Raiz & Folha")[1],
        dinner("Raiz & Folha", "2027-05-06", "20:00", 2),
        entry("Date night at Raiz & Folha", "2027-05-06", "20:00", "22:00", with_whom=[HENRIK]),
    ),
    task(
        "We want to see Palermo at our own pace, so please find the cheapest automatic there for 9 to 12 June and book "
        f"it, then let {HENRIK} know by mail which model it is and from whom we pick it up.",
        *car("PMO-115", "2027-06-09", "2027-06-12"),
        letter(HENRIK, "Our car in Palermo", "It is a Fiat 500, automatic, from Zagara Noleggi, 9 to 12 June."),
    ),
]
TASKS = [*ADVICE, *STATED, *CHOSEN, *WRITTEN]
