"""What a test mail’s way is called in plain words: its steps, and what stopped it, with what helps."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext as _


class Stage(IntEnum):
    """How far a mail has come."""

    FOUND = 0
    ANSWERS = 1
    PRIVATE = 2
    SIGN_IN = 3
    HANDED = 4
    SENT = 5


@dataclass(frozen=True)
class Step:
    """One step on the way, in words: what it is, and what came of it."""

    label: str
    fact: str
    state: str  # "done", "stop" or "next"


def steps(
    facts: Mapping[Stage, tuple[str, ...]], reached: Stage, options: Mapping[str, Any]
) -> list[Step]:
    """Return the way in words, as far as it went."""
    labels = [_("Found"), _("Answers"), _("Private line"), _("Sign-in"), _("Handed over")]
    told = []
    for stage, label in enumerate(labels):
        if stage < reached:
            fact = _fact(Stage(stage), facts.get(Stage(stage), ()), options)
            told.append(Step(label, fact, "done"))
        elif stage == reached:
            told.append(Step(label, "", "stop"))
        else:
            told.append(Step(label, _("not tried yet"), "next"))
    return told


def _fact(stage: Stage, facts: tuple[str, ...], options: Mapping[str, Any]) -> str:
    match stage:
        case Stage.FOUND:
            return _("%(host)s has an address") % {"host": options["host"]}
        case Stage.ANSWERS:
            return _("on port %(port)s") % {"port": options["port"]}
        case Stage.PRIVATE if facts and facts[0]:
            return _("%(kind)s, certificate good until %(day)s") % {
                "kind": facts[0].replace("TLSv", "TLS "),
                "day": _day(facts[1]),
            }
        case Stage.PRIVATE:
            return _("none: smtp+plain speaks openly")
        case Stage.SIGN_IN:
            return _("accepted") if facts and facts[0] else _("none needed")
        case _:
            return _("taken")


def _day(text: str) -> str:
    """Return the day of a certificate's time, such as "Feb  4 12:00:00 2027 GMT"."""
    from datetime import UTC, datetime

    from django.utils.formats import date_format

    try:
        return date_format(datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC), "j M Y")
    except ValueError:
        return text


def words(stage: Stage, fault: str, options: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the sentence and the hints for what came of it."""
    if not fault:
        return _(
            "The mail server took it. Now look into your mailbox, and into the spam folder."
        ), [
            _("It may be on its way for some minutes."),
            _(
                "Does it lie in the spam folder? Then the names of the sender and of the server don’t belong "
                "together yet: your mail provider’s help has it under SPF and DKIM."
            ),
        ]
    names = {"host": options["host"], "port": options["port"]}
    sentence, hints = _of_fault(stage, fault, str(options.get("username") or ""))
    return sentence % names, [hint % names for hint in hints]


def _of_fault(stage: Stage, fault: str, user: str) -> tuple[str, list[str]]:
    scheme = _(
        "smtp:// goes with port 587, smtps:// with port 465: with the wrong one of the two, both wait for each other."
    )
    match fault:
        case "name":
            return _("No server by the name %(host)s is known."), [
                _(
                    "Is it spelled as your mail provider writes it? Often it begins with smtp. or mail."
                )
            ]
        case "name_service":
            return _("Names can’t be looked up just now, so %(host)s was not found."), [
                _(
                    "Is this computer online? The fault is in its name service (DNS), not in the mail server."
                )
            ]
        case "closed":
            return _("%(host)s is there, but nothing answers at port %(port)s."), [
                _("Most servers take mail at port 587 (smtp://) or 465 (smtps://).")
            ]
        case "unreachable":
            return _("%(host)s has an address, but there is no way to it from here."), [
                _("Is this computer online, and may it open connections to other computers?")
            ]
        case "silent":
            return _("%(host)s doesn’t answer at port %(port)s: neither yes nor no."), [
                _(
                    "Often the provider of a rented server blocks mail: port 25 nearly always, sometimes 465 and 587 "
                    "too. Its help says how to have them opened."
                ),
                _("Some mail providers also answer at port 2525."),
            ]
        case "busy":
            return _("The mail server is busy and asks to come back later."), [_later()]
        case "turned_away":
            return _("The mail server takes no mail from this computer."), [
                _(
                    "Its own words, below, say why. Often the address of this computer stands on a list."
                )
            ]
        case "no_mail":
            return _("Something answers at port %(port)s, but it is no mail server."), [scheme]
        case "no_starttls":
            return _("The mail server offers no private line at port %(port)s."), [
                _("Try smtps:// with port 465, which is private from the first word."),
                _("smtp+plain:// would send openly: only for a mail server on this very computer."),
            ]
        case "certificate_name":
            return _(
                "The mail server shows a certificate, but it is made out to another name than %(host)s."
            ), [
                _(
                    "Write the name that your provider uses, rather than your own name for it or a number."
                )
            ]
        case "certificate_expired":
            return _("The mail server’s certificate has run out."), [
                _("Whoever runs the mail server renews it. Nothing is to be changed here.")
            ]
        case "certificate_early":
            return _("The mail server’s certificate is not good yet."), [
                _("Is the clock of this computer right?")
            ]
        case "certificate":
            return _("The mail server shows a certificate that nobody known vouches for."), [
                _(
                    "A server of your own with its own certificate: make this computer trust it, or give it a public one."
                )
            ]
        case "tls":
            return _("No private line came about with %(host)s."), [scheme]
        case "sign_in":
            hints = [
                _(
                    "The provider wants an app password, made in its settings, rather than the one you sign in with."
                ),
                _(
                    "The password has a @, : or / in it, which must be written as %%40, %%3A or %%2F in EMAIL_URL."
                ),
            ]
            if "@" not in user:
                hints.insert(1, _("The user name is the whole address."))
            return _(
                "Your mail server is there, but doesn’t accept this user name or password."
            ), hints
        case "no_sign_in":
            return _("The mail server takes no sign-in here, and EMAIL_URL has a user name."), [
                _(
                    "Many allow it at port 587 with smtp://, or at 465 with smtps://, and nowhere else."
                ),
                _("If it needs none, leave user name and password out of EMAIL_URL."),
            ]
        case "sign_in_wanted":
            return _("The mail server wants a sign-in before it takes mail."), [
                _(
                    "Put user name and password into EMAIL_URL: smtp://user:password@%(host)s:%(port)s"
                )
            ]
        case "sender":
            return _("The mail server doesn’t let us send under our address."), [
                _("Set TABLEFUL_FROM to an address that belongs to the account you sign in with.")
            ]
        case "recipient":
            return _("The mail server doesn’t take mail to this address."), [
                _("Is your address spelled right?"),
                _(
                    "Some servers deliver only at home until one signs in: then EMAIL_URL needs user name and password."
                ),
            ]
        case "content":
            return _("The mail server took the addresses, but refused the mail itself."), [
                _(
                    "Its own words, below, say why. Often it takes the mail for spam, since the sender’s name is not known to it (SPF)."
                )
            ]
        case "delayed":
            return _(
                "The mail server asks us to come back later. That is usual with a sender it doesn’t know yet."
            ), [
                _later(),
                _("Real mail is tried again by itself, for some hours."),
            ]
        case "letters":
            return _("The address has letters that this mail server can’t take."), [
                _("Use an address in plain letters.")
            ]
        case "dropped":
            return _stopped(
                stage,
                _("The mail server hung up before it had said who it is."),
                _("The mail server hung up in the middle of the conversation."),
            ), [scheme]
        case "hung":
            if stage == Stage.FOUND:
                return _("Looking up the name %(host)s takes too long."), [
                    _("The fault is in this computer’s name service (DNS), not in the mail server.")
                ]
            return _stopped(
                stage,
                _("%(host)s takes the call at port %(port)s, but then says nothing."),
                _("The mail server began well, and then said nothing any more."),
            ), [scheme if stage <= Stage.PRIVATE else _later()]
        case _:
            return _("The mail server said something that we don’t understand."), [
                _("Its own words, below, may say more.")
            ]


def _later() -> str:
    return _("Try again in a quarter of an hour.")


def _stopped(stage: Stage, early: str, late: str) -> str:
    return early if stage <= Stage.PRIVATE else late
