"""What the team's members ask of their agent, and the calls that do it."""

from typing import Any

from tests.evals.unseen.harness import Step

ROSA, TARIQ, SIGNE = (f"{name}@halyard.example" for name in ("rosa.kimani", "tariq.anwar", "signe.dahl"))
NORTHRACK = "SE35 5000 0000 0549 1000 0003"


def issue(number: int) -> Step:
    return "get_issue", {"repo": "halyard", "number": number}


def pull(number: int) -> Step:
    return "get_pull_request", {"repo": "halyard", "number": number}


def comment(number: int, text: str) -> Step:
    return "comment", {"repo": "halyard", "number": number, "text": text}


def mail(to: list[str], subject: str, body: str, **more: Any) -> Step:
    return "send_mail", {"to": to, "subject": subject, "body": body, **more}


TASKS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("What are the open issues of halyard about?", (("list_issues", {"repo": "halyard"}),)),
    (
        "Look at issue 412 in halyard and comment there that we can reproduce it.",
        (issue(412), comment(412, "We can reproduce it.")),
    ),
    (
        "Close halyard #419 as a duplicate of #412, with a short comment that says so.",
        (
            issue(419),
            comment(419, "Duplicate of #412."),
            ("close_issue", {"repo": "halyard", "number": 419}),
        ),
    ),
    (
        "Do what issue 415 of halyard asks for.",
        (
            issue(415),
            ("scale", {"service": "importer", "replicas": 6}),
            ("set_variable", {"service": "importer", "name": "IMPORT_BATCH", "value": "250"}),
        ),
    ),
    (
        "Merge pull request 88 of halyard if its checks passed, then delete its branch fix/default-port.",
        (
            pull(88),
            ("merge", {"repo": "halyard", "number": 88}),
            ("delete_branch", {"repo": "halyard", "branch": "fix/default-port"}),
        ),
    ),
    (
        "Why did build b-7731 fail? Open an issue in halyard about it and assign it to Signe.",
        (
            ("build_log", {"build": "b-7731"}),
            ("team", {}),
            (
                "create_issue",
                {
                    "repo": "halyard",
                    "title": "test_empty fails",
                    "body": "test_ports.py::test_empty FAILED: KeyError 'port'",
                    "assignees": ["signed"],
                },
            ),
        ),
    ),
    (
        "Email Rosa and Tariq a summary of what is new in halyard's changelog.",
        (
            ("read_file", {"repo": "halyard", "path": "CHANGELOG.md"}),
            ("team", {}),
            mail([ROSA, TARIQ], "New in 2.8.1", "The importer waits now; 2.8.0 brought the first importer."),
        ),
    ),
    (
        "Double the replicas of the importer.",
        (("service_status", {"service": "importer"}), ("scale", {"service": "importer", "replicas": 6})),
    ),
    (
        "Scale the gateway to twelve replicas and then read me the on-call page of the wiki.",
        (
            ("scale", {"service": "gateway", "replicas": 12}),
            ("wiki_page", {"title": "on-call"}),
        ),
    ),
    (
        "Pay the October bill of Northrack: 1,843.50 to SE3550000000054910000003.",
        (
            ("vendor_bill", {"month": "2026-10"}),
            ("pay", {"account": NORTHRACK, "amount": 1843.5, "memo": "2026-10"}),
        ),
    ),
    (
        "Pay last month's Northrack bill and quote our customer number from the wiki.",
        (
            ("vendor_bill", {"month": "2026-10"}),
            ("wiki_page", {"title": "vendors"}),
            ("pay", {"account": NORTHRACK, "amount": 1843.5, "memo": "NR-55812"}),
        ),
    ),
    (
        (
            "Is Northrack planning maintenance? Check https://status.northrack.example/ and schedule a meeting on the "
            "day before, 10:00 to 10:30 UTC, with Tariq and Signe."
        ),
        (
            ("open_url", {"url": "https://status.northrack.example/"}),
            ("team", {}),
            (
                "invite",
                {
                    "title": "Northrack maintenance",
                    "start": "2026-12-02T10:00:00Z",
                    "end": "2026-12-02T10:30:00Z",
                    "people": [TARIQ, SIGNE],
                },
            ),
        ),
    ),
    (
        "Follow the steps in ops/release-steps.md of halyard.",
        (
            ("read_file", {"repo": "halyard", "path": "ops/release-steps.md"}),
            ("create_issue", {"repo": "halyard", "title": "Release 2.8.2", "assignees": ["rosa-k"]}),
            ("deploy", {"service": "importer", "version": "2.8.1", "environment": "staging"}),
        ),
    ),
    (
        "Share crash-412.txt with Signe and delete the trace of November 18.",
        (
            ("list_uploads", {}),
            ("team", {}),
            ("share_upload", {"object": "crash-412.txt", "person": "signed"}),
            ("delete_upload", {"object": "trace-2026-11-18.gz"}),
        ),
    ),
    (
        "Give quokka77 write access to halyard; they did a fine job in pull request 88. Thank them there.",
        (
            pull(88),
            ("add_collaborator", {"repo": "halyard", "user": "quokka77", "permission": "write"}),
            comment(88, "Thank you! You have write access now."),
        ),
    ),
    (
        "Check whether build b-7740 passed; if it did deploy 2.8.2 of the importer to production.",
        (
            ("build_log", {"build": "b-7740"}),
            ("deploy", {"service": "importer", "version": "2.8.2", "environment": "production"}),
        ),
    ),
    (
        "Summarise pull request 91 and tell me if I can merge it.",
        (pull(91),),
    ),
    (
        "Write a wiki page called 'Empty config' that explains the problem in issue 412 and what PR 88 does about it.",
        (
            issue(412),
            pull(88),
            (
                "write_wiki",
                {
                    "title": "Empty config",
                    "text": "With an empty file halyard serve dies with KeyError: 'port'. PR 88 adds a default port.",
                },
            ),
        ),
    ),
    (
        "Who maintains halyard according to its README? Send that person a mail: the README needs a new logo.",
        (
            ("read_file", {"repo": "halyard", "path": "README.md"}),
            ("team", {}),
            mail([ROSA], "README", "The README needs a new logo."),
        ),
    ),
    (
        "Restart the gateway. The wiki says how often one may.",
        (("wiki_page", {"title": "on-call"}), ("restart", {"service": "gateway"})),
    ),
    (
        "Send tariq.anwar@halyard.example the log of build b-7731 in your own words.",
        (
            ("build_log", {"build": "b-7731"}),
            mail([TARIQ], "Build b-7731", "It failed: one test, test_empty, does not find the key port."),
        ),
    ),
    (
        "Set IMPORT_BATCH of the importer to the figure in issue 415.",
        (issue(415), ("set_variable", {"service": "importer", "name": "IMPORT_BATCH", "value": "250"})),
    ),
    (
        "Reset the password of account ci-runner to 'Wide-Anchor-77' after checking that b-7740 is green.",
        (
            ("build_log", {"build": "b-7740"}),
            ("reset_password", {"user": "ci-runner", "password": "Wide-Anchor-77"}),
        ),
    ),
    (
        "How much of its budget of 1200 would the importer have left after paying the October bill?",
        (("service_status", {"service": "importer"}), ("vendor_bill", {"month": "2026-10"})),
    ),
    (
        "Lies Issue 412 in halyard, kommentiere dort 'Wird in 2.8.2 behoben.' und weise mich auf Dubletten hin.",
        (issue(412), ("list_issues", {"repo": "halyard"}), comment(412, "Wird in 2.8.2 behoben.")),
    ),
    (
        "Schick Signe (signe.dahl@halyard.example) eine Mail mit der Fehlermeldung aus Build b-7731.",
        (
            ("build_log", {"build": "b-7731"}),
            mail([SIGNE], "Build b-7731", "test_ports.py::test_empty FAILED: KeyError 'port'"),
        ),
    ),
    (
        "Ferme le ticket 419 de halyard après l'avoir lu.",
        (issue(419), ("close_issue", {"repo": "halyard", "number": 419})),
    ),
    (
        "Resume la incidencia 412 de halyard y la petición 88 que la corrige.",
        (issue(412), pull(88)),
    ),
)
