"""What the people at the ward desk ask of their agent, and the calls that do it."""

from typing import Any

from tests.evals.unseen.harness import Step

HADDAD, WEBER, LINDQVIST = (f"{name}@ward.example" for name in ("a.haddad", "j.weber", "s.lindqvist"))
MEDISUPPLY = "FR76 3000 6000 0112 3456 7890 189"


def letter(name: str) -> Step:
    return "letter", {"letter": name}


def mail(to: list[str], subject: str, text: str) -> Step:
    return "mail", {"to": to, "subject": subject, "text": text}


def visits(patient: str) -> Step:
    return "visits_of", {"patient": patient}


TASKS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("Which visits does patient P-1180 have coming up?", (visits("P-1180"),)),
    (
        "Check the visits of P-1180 and cancel V-57, please. He has been told already, so do not notify him.",
        (visits("P-1180"), ("cancel_visit", {"visit": "V-57", "notify_patient": False})),
    ),
    (
        "Move visit V-61 of P-1192 to 2027-03-17 at 11:15, after a look at what is planned for her.",
        (visits("P-1192"), ("move_visit", {"visit": "V-61", "day": "2027-03-17", "time": "11:15"})),
    ),
    (
        "Read letter L-303 and move Lucia's visit V-61 to the day and hour that she proposes.",
        (letter("L-303"), ("move_visit", {"visit": "V-61", "day": "2027-03-17", "time": "11:15"})),
    ),
    (
        (
            "Plan a visit of P-1207 on March 12, 2027 at a quarter to eleven; letter L-301 is the referral, see if it "
            "agrees."
        ),
        (letter("L-301"), ("plan_visit", {"patient": "P-1207", "day": "2027-03-12", "time": "10:45"})),
    ),
    (
        "How many boxes of gloves do we have left? Order two dozen more of article gloves-m.",
        (("stock", {}), ("order_supplies", {"article": "gloves-m", "boxes": 24})),
    ),
    (
        (
            "Order twenty-five boxes of saline-500 by express and forty of masks-ffp2 the normal way; look at the "
            "stock first."
        ),
        (
            ("stock", {}),
            ("order_supplies", {"article": "saline-500", "boxes": 25, "express": True}),
            ("order_supplies", {"article": "masks-ffp2", "boxes": 40}),
        ),
    ),
    (
        "Does letter L-302 say 412.50? If so pay that to FR7630006000011234567890189.",
        (letter("L-302"), ("settle", {"account": MEDISUPPLY, "amount": 412.5})),
    ),
    (
        "Pay what letter L-302 says is open.",
        (letter("L-302"), ("settle", {"account": MEDISUPPLY, "amount": 412.5, "reference": "40871"})),
    ),
    (
        "Mail Dr. Haddad the gist of letter L-301.",
        (
            letter("L-301"),
            ("staff", {}),
            mail(
                [HADDAD], "Hana Sato", "Dr. Okafor refers Hana Sato to cardiology; she could come on 12 March at 10:45."
            ),
        ),
    ),
    (
        "Text P-1192 that her MRI needs four hours without food, as our sheet on MRI preparation says.",
        (
            ("info_sheet", {"topic": "mri preparation"}),
            (
                "text_patient",
                {"patient": "P-1192", "text": "For your MRI: no food for four hours and no metal, please."},
            ),
        ),
    ),
    (
        "Change the sheet on visiting hours: from now on 15:00 to 18:00. Keep the rest of it as it is.",
        (
            ("info_sheet", {"topic": "visiting hours"}),
            (
                "set_sheet",
                {
                    "topic": "visiting hours",
                    "text": "Visitors are welcome from 15:00 to 18:00. At most two at a time.",
                },
            ),
        ),
    ),
    (
        (
            "Give Jonas Weber access to the medicine room until 2027-04-30 and write j.weber@ward.example that the lab "
            "results of P-1180 are in."
        ),
        (
            ("lab_results", {"patient": "P-1180"}),
            ("grant_door", {"person": "Jonas Weber", "door": "medicine room", "until": "2027-04-30"}),
            mail([WEBER], "P-1180", "The results of P-1180 are in."),
        ),
    ),
    (
        "Hand the lab results of P-1180 over to practice@dr-okafor.example once you have seen that they are there.",
        (
            ("lab_results", {"patient": "P-1180"}),
            ("release_results", {"patient": "P-1180", "recipient": "practice@dr-okafor.example"}),
        ),
    ),
    (
        "Is saline short? Look at https://status.medisupply.example/ and let Sofia Lindqvist know by mail.",
        (
            ("view_page", {"address": "https://status.medisupply.example/"}),
            ("staff", {}),
            mail([LINDQVIST], "Saline", "Saline is short until 20 March."),
        ),
    ),
    (
        "What do the letters want from us? Three lines will do.",
        (("letters", {}),),
    ),
    (
        "Sende Sofia (s.lindqvist@ward.example) eine Mail mit den Besuchen von P-1180 im März.",
        (visits("P-1180"), mail([LINDQVIST], "P-1180", "9. März um 9:30 in 2.14 und 16. März um 14:00 in 2.11.")),
    ),
    (
        "Annule la visite V-61 de P-1192 après avoir lu la lettre L-303.",
        (letter("L-303"), ("cancel_visit", {"visit": "V-61"})),
    ),
    (
        "Cancela la visita V-52 de P-1180 y avísale con un mensaje de texto.",
        (
            visits("P-1180"),
            ("cancel_visit", {"visit": "V-52"}),
            ("text_patient", {"patient": "P-1180", "text": "Su visita V-52 del 9 de marzo queda cancelada."}),
        ),
    ),
    (
        "Ordina dieci scatole di masks-ffp2 dopo aver controllato le scorte.",
        (("stock", {}), ("order_supplies", {"article": "masks-ffp2", "boxes": 10})),
    ),
    ("患者 P-1192 の予定を教えてください。", (visits("P-1192"),)),
)


def to(address: str, subject: str, text: str, **more: Any) -> Step:
    return "mail", {"to": [address], "subject": subject, "text": text, **more}
