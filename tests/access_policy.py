"""Who may open which address: the table that the access matrix reads. Read it like prose."""

# allauth's own pages, the static files, and others' applications.
FOREIGN: tuple[str, ...] = (
    "account_",
    "mfa_",
    "usersessions_",
    "socialaccount_",
    "google_",
    "github_",
    "orcid_",
    "<unnamed",
)

EVERYBODY = frozenset({"everybody"})
SIGNED_IN = frozenset(
    {
        "stranger",
        "author",
        "coauthor",
        "unverified coauthor",
        "author of another",
        "reviewer",
        "unassigned reviewer",
        "conflicted reviewer",
        "former reviewer",
        "chair",
        "conflicted chair",
        "chair who is author",
        "proceedings chair",
        "conflicted proceedings chair",
        "administrator",
        "sub-reviewer",
    }
)
ITS_AUTHORS = frozenset({"author", "coauthor", "chair who is author"})
ITS_REVIEWER = frozenset({"reviewer"})
ITS_SUB_REVIEWER = frozenset({"sub-reviewer"})
REVIEWERS = frozenset({"reviewer", "unassigned reviewer", "conflicted reviewer"})
CHAIRS = frozenset({"chair", "conflicted chair", "chair who is author"})
ITS_CHAIR = frozenset({"chair"})
PROCEEDINGS = frozenset({"proceedings chair", "conflicted proceedings chair"})
ITS_PROCEEDINGS = frozenset({"proceedings chair"})
ADMINISTRATOR = frozenset({"administrator"})
NOBODY: frozenset[str] = frozenset()

# Her own texts stay readable for who lost a task or left, and what her browser still holds is shown there.
# A former reviewer too, once she wrote something or was told of a task; this one did not and was not.
WROTE_OR_REVIEWS = REVIEWERS
WROTE_OR_REVIEWS_IT = ITS_REVIEWER

POLICY: dict[str, frozenset[str]] = {
    # The public site.
    "editions:home": EVERYBODY,
    "editions:call": EVERYBODY,
    "editions:committee": EVERYBODY,
    "editions:privacy": EVERYBODY,
    "editions:dates_ics": EVERYBODY,
    "editions:dates_json": EVERYBODY,
    "submissions:format_guide": EVERYBODY,
    "healthz": EVERYBODY,
    "readyz": EVERYBODY,
    "health": CHAIRS | ADMINISTRATOR,
    # Administrators: people who ask to be forgotten.
    "persons:wishes": ADMINISTRATOR,
    "persons:erase": ADMINISTRATOR,
    # Secret links: whoever holds one may use it; a forged one is 404 (their own tests).
    "editions:invitation": EVERYBODY,
    "reviews:sub_invitation": EVERYBODY,
    "submissions:verify": EVERYBODY,
    "reviews:verify_certificate": EVERYBODY,
    "feeds:personal": EVERYBODY,
    "mail:unsubscribe": EVERYBODY,
    # Answers only when a mail provider is named, and only to its secret.
    "mail:events": NOBODY,
    # Oneself.
    "editions:dashboard": SIGNED_IN,
    "accounts:profile": SIGNED_IN,
    "accounts:add_affiliation": SIGNED_IN,
    "accounts:carry_on": SIGNED_IN,
    "accounts:affiliation": frozenset({"author"}),
    "feeds:mine": SIGNED_IN,
    "persons:mine": SIGNED_IN,
    "persons:download": SIGNED_IN,
    # Authors.
    "submissions:home": SIGNED_IN,
    "submissions:new": SIGNED_IN,
    "submissions:submission": ITS_AUTHORS,
    "submissions:details": ITS_AUTHORS,
    "submissions:authors": ITS_AUTHORS,
    "submissions:author_change": ITS_AUTHORS,
    "submissions:confirm": ITS_AUTHORS,
    "submissions:conflicts": ITS_AUTHORS,
    "submissions:reproducibility": ITS_AUTHORS,
    "submissions:copy_reproducibility": ITS_AUTHORS,
    "submissions:upload": ITS_AUTHORS,
    "submissions:prefill": ITS_AUTHORS,
    "submissions:check": ITS_AUTHORS,
    "submissions:pdf": ITS_AUTHORS,
    "submissions:add_supplement": ITS_AUTHORS,
    "submissions:supplement": ITS_AUTHORS,
    "submissions:submit": ITS_AUTHORS,
    "submissions:receipt": ITS_AUTHORS,
    "submissions:withdraw": ITS_AUTHORS,
    "submissions:restore": ITS_AUTHORS,
    "submissions:ask": ITS_AUTHORS,
    "submissions:camera_ready": ITS_AUTHORS,
    "submissions:deliver": ITS_AUTHORS,
    "submissions:own_item": ITS_AUTHORS,
    "reviews:decision_for_authors": ITS_AUTHORS,
    # Reviewers.
    "reviews:home": REVIEWERS,
    "reviews:profile": REVIEWERS,
    "reviews:rules": REVIEWERS,
    "reviews:correct_conflicts": REVIEWERS,
    "reviews:own": WROTE_OR_REVIEWS,
    # After the event only (its own tests).
    "reviews:certificate": NOBODY,
    "reviews:download_all": REVIEWERS,
    "reviews:offline_forms": REVIEWERS,
    "reviews:offline_upload": REVIEWERS,
    "reviews:review": ITS_REVIEWER,
    "reviews:autosave": ITS_REVIEWER,
    "reviews:preview": ITS_REVIEWER,
    "reviews:submit": ITS_REVIEWER,
    "reviews:versions": WROTE_OR_REVIEWS_IT,
    "reviews:refuse": ITS_REVIEWER,
    "reviews:promise": ITS_REVIEWER,
    # Once a chair has opened it and her own review is submitted (tests/reviews/test_discussions.py).
    "reviews:discussion": ITS_REVIEWER,
    "reviews:name_sub_reviewer": ITS_REVIEWER,
    "reviews:paper": ITS_REVIEWER,
    "reviews:supplement": ITS_REVIEWER,
    "reviews:offline_form": ITS_REVIEWER,
    # The sub-reviewer: one paper while she writes, and what she typed for good.
    "reviews:sub_own": ITS_SUB_REVIEWER,
    "reviews:sub_review": ITS_SUB_REVIEWER,
    "reviews:sub_autosave": ITS_SUB_REVIEWER,
    "reviews:sub_ready": ITS_SUB_REVIEWER,
    "reviews:sub_versions": ITS_SUB_REVIEWER,
    "reviews:sub_withdraw": ITS_SUB_REVIEWER,
    "reviews:sub_paper": ITS_SUB_REVIEWER,
    "reviews:sub_supplement": ITS_SUB_REVIEWER,
    # The proceedings chair: accepted and announced papers, none in conflict with her.
    "submissions:proceedings": PROCEEDINGS,
    "submissions:camera_ready_rules": PROCEEDINGS,
    "submissions:chase": PROCEEDINGS,
    "submissions:proceedings_paper": ITS_PROCEEDINGS,
    "submissions:item": ITS_PROCEEDINGS,
    # Chairs: their edition.
    "editions:chair_committee": CHAIRS,
    "editions:date": CHAIRS,
    "editions:dates": CHAIRS,
    "editions:end_membership": CHAIRS,
    "editions:invite": CHAIRS,
    "editions:member": CHAIRS,
    "editions:move_topic": CHAIRS,
    "editions:publish": CHAIRS,
    "editions:readiness": CHAIRS,
    "editions:remind": CHAIRS,
    "editions:resend": CHAIRS,
    "editions:settings": CHAIRS,
    "editions:topic": CHAIRS,
    "editions:topics": CHAIRS,
    "letters:log": CHAIRS,
    "letters:again": CHAIRS,
    "letters:reminders": CHAIRS,
    "letters:waiting": CHAIRS,
    # The chair who wrote it.
    "letters:mailing": ITS_CHAIR,
    "letters:mailings": CHAIRS,
    "letters:setup": CHAIRS,
    "letters:text": CHAIRS,
    "letters:texts": CHAIRS,
    "letters:switch": CHAIRS,
    "reviews:announce": CHAIRS,
    "reviews:assign": CHAIRS,
    "reviews:assign_reviewer": CHAIRS,
    "reviews:chair": CHAIRS,
    "reviews:conflicts": CHAIRS,
    "reviews:decisions": CHAIRS,
    "reviews:discussions": CHAIRS,
    "reviews:delegate": CHAIRS,
    "reviews:export": CHAIRS,
    "reviews:sub_reviewers": CHAIRS,
    # Once the notification is past.
    "reviews:export_sub_reviewers": CHAIRS,
    "reviews:history": CHAIRS,
    "reviews:progress": CHAIRS,
    "reviews:remind": CHAIRS,
    "reviews:run": CHAIRS,
    "reviews:table": CHAIRS,
    "reviews:look_as": CHAIRS,
    "reviews:stop_looking": CHAIRS,
    "reviews:visibility": CHAIRS,
    "submissions:author_requests": CHAIRS,
    "submissions:late": CHAIRS,
    "submissions:questions": CHAIRS,
    "submissions:triage": CHAIRS,
    "submissions:rules": CHAIRS,
    "submissions:triage_csv": CHAIRS,
    # Chairs: one submission, its letters, runs that know it; nothing of it for a chair in conflict.
    "letters:letter": ITS_CHAIR,
    "letters:settle": ITS_CHAIR,
    "reviews:announcement": ITS_CHAIR,
    "reviews:stop": ITS_CHAIR,
    "reviews:assign_submission": ITS_CHAIR,
    "reviews:chair_pdf": ITS_CHAIR,
    "reviews:conflict": ITS_CHAIR,
    "reviews:decide": ITS_CHAIR,
    "reviews:chair_discussion": ITS_CHAIR,
    "reviews:handling_chair": ITS_CHAIR,
    "reviews:replace": ITS_CHAIR,
    "reviews:sub_reviewer": ITS_CHAIR,
    "reviews:submission": ITS_CHAIR,
    "submissions:reinstate": ITS_CHAIR,
    "submissions:triage_one": ITS_CHAIR,
    "submissions:undo_return": ITS_CHAIR,
    # A proposal belongs to the chair who ran it.
    "reviews:cancel_proposal": ITS_CHAIR,
    "reviews:commit_proposal": ITS_CHAIR,
    "reviews:compare_proposals": ITS_CHAIR,
    "reviews:edit_proposal": ITS_CHAIR,
    "reviews:export_proposal": ITS_CHAIR,
    "reviews:grid": ITS_CHAIR,
    "reviews:import_proposal": ITS_CHAIR,
    "reviews:proposal": ITS_CHAIR,
    "reviews:repeat_proposal": ITS_CHAIR,
    "reviews:why": ITS_CHAIR,
}

# --- The same through the life of a submission -----------------------------------------------------------------------
# The addresses that are about one submission or one review of it.
AUTHORS_OWN = frozenset(name for name, row in POLICY.items() if row == ITS_AUTHORS)
REVIEWERS_OWN = frozenset(name for name, row in POLICY.items() if row == ITS_REVIEWER)
SUB_REVIEWERS_OWN = frozenset(name for name, row in POLICY.items() if row == ITS_SUB_REVIEWER) - {"reviews:sub_own"}
PROCEEDINGS_OWN = frozenset(name for name, row in POLICY.items() if row == ITS_PROCEEDINGS)
CHAIRS_OWN = frozenset(name for name, row in POLICY.items() if row == ITS_CHAIR and "proposal" not in name)
CHAIRS_OWN -= {"reviews:why", "letters:letter", "letters:settle"}
ABOUT_ONE = AUTHORS_OWN | REVIEWERS_OWN | SUB_REVIEWERS_OWN | PROCEEDINGS_OWN | CHAIRS_OWN

ACCEPTED = frozenset({"released, accept", "camera-ready", "archived"})
RELEASED = ACCEPTED | {"released, reject"}
DECIDED = RELEASED | {"decided, unreleased"}
UNDER_REVIEW = DECIDED | {"submitted", "under review"}


def allowed_in(state: str, name: str) -> frozenset[str]:
    """The roles for which an address opens while the submission is in a state."""
    if name in REVIEWERS_OWN | SUB_REVIEWERS_OWN:
        # A reviewer's doors open when it is submitted and shut when it is withdrawn; her own texts stay in reviews:own.
        return POLICY[name] if state in UNDER_REVIEW else NOBODY
    if name in PROCEEDINGS_OWN:
        # The proceedings chair learns of a submission when its acceptance is announced.
        return POLICY[name] if state in ACCEPTED else NOBODY
    if name in {"submissions:camera_ready", "submissions:deliver", "submissions:own_item"}:
        # Offering the camera-ready pages earlier would tell the decision.
        return POLICY[name] if state in ACCEPTED else NOBODY
    if name == "reviews:decision_for_authors":
        return POLICY[name] if state in RELEASED else NOBODY
    if name == "submissions:receipt":
        # There is nothing to prove before it was submitted.
        return NOBODY if state == "draft" else POLICY[name]
    if name == "reviews:replace":
        return POLICY[name] if state in UNDER_REVIEW else NOBODY
    if name in {"reviews:announcement", "reviews:stop"}:
        return POLICY[name] if state in DECIDED else NOBODY
    return POLICY[name]
