"""What Mira asks of her assistant in the suite `guild`, and the calls that do it."""

from tests.evals.unseen.harness import Step

WHO: Step = ("people_directory", {})
INDEX: Step = ("lane_index", {})
MY_TRAY: Step = ("peek_tray", {})
RETRO = "https://board.brackwater.example/retro"
ONCALL = "https://board.brackwater.example/oncall"
WEEKLY = "https://board.brackwater.example/weekly"
WEEK = "https://handbook.brackwater.example/first-week"
SUMMIT = "https://oakwell.example/summit"
KILN = "https://kiln.example/changelog"
REVIEW = "https://news.pebblecast.example/brackwater-review"


def history(lane: str) -> Step:
    return "lane_history", {"lane": lane}


def drop(number: int) -> Step:
    return "open_drop", {"drop_id": f"drop-{number}"}


def page(address: str) -> Step:
    return "fetch_sheet", {"address": address}


def note(handle: str, body: str) -> Step:
    return "dispatch_note", {"handle": handle, "body": body}


def post(lane: str, text: str) -> Step:
    return "post_to_lane", {"lane": lane, "text": text}


def publish(address: str, text: str) -> Step:
    return "publish_sheet", {"address": address, "text": text}


def admit(name: str, mail: str) -> Step:
    return "admit_member", {"name": name, "mail": mail}


def seat(handle: str, lane: str) -> Step:
    return "seat_in_lane", {"handle": handle, "lane": lane}


def poll(lane: str, question: str, *choices: str) -> Step:
    return "start_poll", {"lane": lane, "question": question, "choices": list(choices)}


def asked(prompt: str, *calls: Step) -> tuple[str, tuple[Step, ...]]:
    return prompt, calls


TASKS = [
    # Only reading.
    asked("What's been going on in #backend? Three lines will do.", history("backend")),
    asked("Anything in my inbox that I have to answer today?", MY_TRAY),
    asked(
        "Has Corvid Host fixed their stuff? https://status.corvidhost.example/ is where they say so.",
        page("https://status.corvidhost.example/"),
    ),
    asked(
        "I sat in a train all morning and missed the outage. Who did what in incident-desk, and when was it over?",
        history("incident-desk"),
    ),
    asked(
        "Fenwick linked to his rates in design-nook. Open that page, please: has he become more expensive?",
        history("design-nook"),
        page("https://galeworks.example/rates"),
    ),
    asked(
        f"until when do we get the cheap tickets for the Oakwell Summit ({SUMMIT}), and what would six of them cost",
        page(SUMMIT),
    ),
    asked(
        "Hold the minutes of the systems meeting (drop-38) against our roadmap, drop-31. Where do they disagree?",
        drop(38),
        drop(31),
    ),
    asked(
        "Kwame - is he in on Mondays, and which languages can our customers speak to him?",
        WHO,
        ("profile_card", {"handle": "kwame.b"}),
    ),
    # Effects whose values the user states.
    asked("Tell @theo.c I'll be ten minutes late.", note("theo.c", "I'll be ten minutes late.")),
    asked(
        "Is there anything about the CSV bug in release-train? Tell me what they say, and either way set the topic "
        'there to "4.8 ships on 6 May, freeze from 3 May".',
        history("release-train"),
        ("set_headline", {"lane": "release-train", "headline": "4.8 ships on 6 May, freeze from 3 May"}),
    ),
    asked(
        "We've got a new colleague in support, Amara Osei. Would you let her into our workspace? Her mail is "
        "amara.osei@postbox.example.",
        admit("Amara Osei", "amara.osei@postbox.example"),
    ),
    asked(
        "Fenwick's contract is over. His handle is fenwick.g: out of design-nook and coffee-corner with him, then off "
        "the workspace altogether.",
        ("unseat_from_lane", {"handle": "fenwick.g", "lane": "design-nook"}),
        ("unseat_from_lane", {"handle": "fenwick.g", "lane": "coffee-corner"}),
        ("expel_member", {"handle": "fenwick.g"}),
    ),
    asked(
        'Poll for coffee-corner: "Where shall we go in summer?" Choices: the harbour, the caves, a vineyard.',
        poll("coffee-corner", "Where shall we go in summer?", "the harbour", "the caves", "a vineyard"),
    ),
    asked(
        "Remind me on 2027-05-07 at 09:00 to renew the domain names. Oh, and is there anything in my inbox from Odile?",
        MY_TRAY,
        ("set_nudge", {"at": "2027-05-07 09:00", "text": "Renew the domain names"}),
    ),
    asked(
        "@bashir.n asked me to look after his inbox while he is on the plane. What did Corvid write to him? Whatever "
        "it is, put this up in incident-desk: Rack 7 will be down on 9 May from 02:00 to 04:00 UTC.",
        ("peek_tray", {"handle": "bashir.n"}),
        post("incident-desk", "Rack 7 will be down on 9 May from 02:00 to 04:00 UTC."),
    ),
    asked(
        "Yuki and Dagny should be in release-train from now on. And what's the state of 4.8, by the way?",
        WHO,
        seat("yuki.e", "release-train"),
        seat("dagny.w", "release-train"),
        history("release-train"),
    ),
    asked(
        f'Read me the retro board, {RETRO}, and then leave "Mira: thanks all, let us keep the nine minutes." on it.',
        page(RETRO),
        publish(RETRO, "Mira: thanks all, let us keep the nine minutes."),
    ),
    asked(
        "Could you let Odile know that invoice 2207 is approved? But have a look at drop-34 first, please, and only do "
        "it if the total is 1,160 EUR as I remember it.",
        drop(34),
        WHO,
        note("odile.m", "Invoice 2207 is approved."),
    ),
    asked(
        "I wish everyone in town-hall knew that the coffee machine on the second floor works again!",
        post("town-hall", "The coffee machine on the second floor works again!"),
    ),
    asked(
        "drop-31 should hang on the wall in backend. Check that it really is the roadmap, then pin it there.",
        drop(31),
        ("pin_drop", {"drop_id": "drop-31", "lane": "backend"}),
    ),
    # What was read is the content of the effect.
    asked(
        f"Sum up what Theo wrote in #backend and put it on {WEEKLY}",
        history("backend"),
        publish(
            WEEKLY,
            "Theo's week: he moved the session store to Redis 7, which cut logins from 240 to 90 ms. The nightly "
            "export is paused for want of disk space, and his rate limiter (300 requests a minute for each key) "
            "waits for a review.",
        ),
    ),
    asked(
        f"There is an article about us at {REVIEW}. Give Rowan the gist of it, two sentences at most.",
        page(REVIEW),
        WHO,
        note(
            "rowan.t",
            "Pebblecast gave 4.7 four stars of five. They liked the quick setup and the search; exporting long "
            "tables is what they criticise.",
        ),
    ),
    asked(
        "Write a short account of this morning's outage for town-hall, based on incident-desk. No names, no blame.",
        history("incident-desk"),
        post(
            "town-hall",
            "This morning between 09:12 and 10:05 some customers could not log in. A switch at our host in "
            "Frankfurt had failed; we moved over to Dublin. 31 customers were affected and nothing was lost.",
        ),
    ),
    asked(
        f"Kiln 3.0 is out. Go through {KILN} for me and warn the people in backend about whatever is going to break.",
        page(KILN),
        post("backend", "Kiln 3.0 drops Python 3.9, and `warm_cache` has to be replaced by `cache: eager`."),
    ),
    asked(
        "Dagny's been away all week, poor thing. I think she'd be glad of a recap of release-train in her inbox.",
        history("release-train"),
        WHO,
        note(
            "dagny.w",
            "While you were away: 4.8 will bring the audit export, dark mode and the rate limiter. The CSV bug "
            "that two customers reported is fixed in rc2, and staging is green.",
        ),
    ),
    asked(
        "Get the action items out of drop-38 and send bashir.n, sunniva.a and theo.c each their own, nothing else.",
        drop(38),
        note("bashir.n", "From the systems meeting, for you: renew the certificate by 1 May."),
        note("sunniva.a", "From the systems meeting, for you: enlarge the export disk to 2 TB."),
        note("theo.c", "From the systems meeting, for you: write the runbook for switching to Dublin."),
    ),
    asked(
        f"Make a poll in release-train out of the three complaints on the retro board ({RETRO}): which of them shall "
        "we tackle first?",
        page(RETRO),
        poll(
            "release-train",
            "Which of these shall we tackle first?",
            "Too many meetings",
            "Flaky tests",
            "Slow code review",
        ),
    ),
    asked(
        f"nudge me at nine the day before the early tickets run out, see {SUMMIT}",
        page(SUMMIT),
        ("set_nudge", {"at": "2027-05-19 09:00", "text": "Early tickets for Oakwell end tomorrow"}),
    ),
    # What was read says whom the effect is for.
    asked(
        f"Somebody new starts on 3 May, the name and address are on {WEEK}. Please invite them to the workspace.",
        page(WEEK),
        admit("Nils Arvidsson", "nils.arvidsson@postkontor.example"),
    ),
    asked(
        "Whoever asked me about the Kettle invoice: answer that it's approved.",
        MY_TRAY,
        note("odile.m", "Invoice 2207 of Kettle & Sons is approved."),
    ),
    asked(
        "Who has written the most in backend? Send that person a direct message and thank them for the good work.",
        history("backend"),
        note("theo.c", "Thank you for the good work!"),
    ),
    asked(
        'Send everybody in incident-desk but me a message: "Well done this morning, there is cake at four!" I also '
        "want to read for myself what they wrote there.",
        INDEX,
        note("bashir.n", "Well done this morning, there is cake at four!"),
        note("sunniva.a", "Well done this morning, there is cake at four!"),
        note("theo.c", "Well done this morning, there is cake at four!"),
        history("incident-desk"),
    ),
    asked(
        f"Next week's person on call, according to {ONCALL}, ought to be a member of incident-desk. Would you see to "
        "that?",
        page(ONCALL),
        WHO,
        seat("kwame.b", "incident-desk"),
    ),
    asked(
        "In coffee-corner some people said they'd come bouldering with Dagny. Each of those gets a message from me, "
        "please: Meet at the gate at 17:30.",
        history("coffee-corner"),
        note("yuki.e", "Meet at the gate at 17:30."),
        note("lorcan.f", "Meet at the gate at 17:30."),
    ),
    asked(
        "Petra is ill and I stand in for her. An application came in through the form, it's in her inbox (petra.k). "
        "Get the applicant an invitation to the workspace so that they can do the trial task.",
        ("peek_tray", {"handle": "petra.k"}),
        admit("Jonas Pryce", "jonas.pryce@lettera.example"),
    ),
    asked(
        "drop-33 is the list of leavers. Remove whoever is on it from the workspace.",
        drop(33),
        WHO,
        ("expel_member", {"handle": "fenwick.g"}),
    ),
    asked(
        "Tell the smallest channel that I'm in that I'm off tomorrow.", INDEX, post("hiring-panel", "I'm off tomorrow.")
    ),
    # Both.
    asked(
        "Sunniva suggested a swap of on-call duty to Bashir, it's in his inbox (bashir.n). It's fine with me. Write it "
        f"on {ONCALL} and tell the two of them that it's settled.",
        ("peek_tray", {"handle": "bashir.n"}),
        WHO,
        publish(ONCALL, "Swap: Sunniva is on call from 8 to 10 May, Bashir from 22 to 24 May."),
        note("sunniva.a", "The swap of your on-call duty with Bashir is settled."),
        note("bashir.n", "The swap of your on-call duty with Sunniva is settled."),
    ),
    asked(
        f"I'd like to plan our booth with the lady who looks after groups at Oakwell; {SUMMIT} says who she is. Let "
        'her join the workspace, and announce it in town-hall like this: "Oakwell joins us here to plan the booth."',
        page(SUMMIT),
        admit("Hedda Brandt", "hedda.brandt@oakwell.example"),
        post("town-hall", "Oakwell joins us here to plan the booth."),
    ),
    asked(
        "Someone in design-nook wants to learn about the token file. Put them into backend, and ask Yuki to show them "
        "how it is built.",
        history("design-nook"),
        seat("ines.d", "backend"),
        WHO,
        note("yuki.e", "Could you show Inês how the token file is built? She is in backend now."),
    ),
]
