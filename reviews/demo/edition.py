"""The demo's editions: dates relative to today, so that it never ages."""

from datetime import datetime, timedelta

from dlonsc.editions.calendar import AOE, Phase, cutoff_of
from dlonsc.editions.models import Deadline, Edition, Topic

LABELS = {
    Phase.SUBMISSION: "Technical paper due",
    Phase.REVIEW: "Reviews due",
    Phase.NOTIFICATION: "Acceptance notification",
    Phase.CAMERA_READY: "Camera ready",
    Phase.EVENT: "Workshop date",
}
# Days from today. In mid-life: submissions closed, reviews due two days ago, decisions on their way.
MID_LIFE = {
    Phase.SUBMISSION: -12,
    Phase.REVIEW: -2,
    Phase.NOTIFICATION: 4,
    Phase.CAMERA_READY: 33,
    Phase.EVENT: 74,
}
# The call is open.
OPEN_CALL = {
    Phase.SUBMISSION: 21,
    Phase.REVIEW: 32,
    Phase.NOTIFICATION: 37,
    Phase.CAMERA_READY: 66,
    Phase.EVENT: 107,
}
TOPICS = {
    "Deep learning as a tool of science": (
        "Surrogates for numerical simulation",
        "Scientific applications driven by deep learning",
        "Limits and uncertainty of learned models",
    ),
    "Workflows": ("Data management for training", "Reproducible pipelines"),
    "Scalable methods": (
        "Distributed training",
        "Communication and compression",
        "Input and output at scale",
        "Performance models and benchmarks",
    ),
    "Hardware": ("Accelerators and memory hierarchies", "Energy"),
}
THEME = (
    "This workshop is invented, so that everything can be tried: submit a paper, review one, decide, announce. "
    "All people and papers in it are made up, and letters stay on the page **Letters that left**.\n\n"
    "It meets where deep learning and high-performance computing do: methods, applications, software and machines."
)
RULES = (
    "Submit unpublished, original work of 6 to 12 pages, single column, in the LNCS format, as a PDF. "
    "Reviewing is single-blind; each submission gets three reviews."
)
REPRODUCIBILITY = (
    "State the algorithms, software releases, data sets with version and subset, and the hardware that was used. "
    "Performance studies should use a well-known benchmark or an application with an open data set."
)


LINKS = [
    {
        "title": "LNCS templates for LaTeX and Word",
        "url": "https://www.springer.com/gp/computer-science/lncs/conference-proceedings-guidelines",
    }
]


def make_demo_edition(
    slug: str, name: str, *, at: datetime, dates: dict[Phase, int] = MID_LIFE, blind: bool = False
) -> Edition:
    """An invented edition with dates around `at`, topics and a call."""
    edition = Edition.objects.create(
        slug=slug,
        name=name,
        title=f"{name}: an Invented Workshop on Deep Learning on Supercomputers",
        tagline="Everything here is invented; try anything.",
        host="Example Conference on High Performance Computing",
        venue="Sampletown, Exampleland",
        is_public=True,
        is_demo=True,
        blind=blind,
        theme=THEME,
        submission_rules=RULES,
        reproducibility_rules=REPRODUCIBILITY,
        links=LINKS,
        contact_email=f"chairs@{slug}.example",
        reply_to=f"chairs@{slug}.example",
        created_at=at,
        reminder_days=[7, 2, 0.5],
        sub_reviewers=True,
    )
    for phase, days in dates.items():
        announced = (at + timedelta(days=days)).replace(hour=23, minute=59, second=0, microsecond=0, tzinfo=None)
        cutoff = cutoff_of(announced, AOE)
        Deadline.objects.create(
            edition=edition,
            phase=phase,
            label=LABELS[phase],
            announced=announced.isoformat(timespec="minutes"),
            zone=AOE,
            cutoff_at=cutoff,
            first_cutoff_at=cutoff,
            is_soft=phase == Phase.REVIEW,
            grace_minutes=10 if phase == Phase.SUBMISSION else 0,
        )
    position = 0
    for parent, children in TOPICS.items():
        top = Topic.objects.create(edition=edition, title=parent, position=position)
        position += 1
        for child in children:
            Topic.objects.create(edition=edition, parent=top, title=child, position=position)
            position += 1
    return edition
