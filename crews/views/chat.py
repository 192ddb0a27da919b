"""A crew's own chat: connecting it, trying it out, taking it off."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from congregation import clock
from congregation.gate import CongregationRequest
from congregation.http import respond
from crews.forms.chat import ChatForm
from crews.models import Chat, ChatPost, Crew
from crews.views import crews


@require_http_methods(["GET", "HEAD", "POST"])
def crew_chat(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Show which chat a crew has and what it is told; connect it, or change that."""
    crew = crews.find_mine(request, pk)
    chat = _chat(request, crew)
    if request.method != "POST":
        return _show(request, crew, chat, ChatForm(chat=chat))
    form = ChatForm(request.POST, chat=chat)
    if form.is_valid():
        try:
            Chat.connect(crew, **form.cleaned_data, by=request.member, now=clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. Try it out: a word comes within a minute."))
            return respond(request, "crews/chat.html", after=_here(crew, request))
    return _show(request, crew, chat, form, status=422)


@require_POST
def crew_chat_test(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Have a word said in the chat, to see whether it arrives."""
    crew = crews.find_mine(request, pk)
    _known(request, crew).try_out(by=request.member, now=clock.now())
    messages.success(
        request, _("A word is on its way. Look into your chat, and load this page again.")
    )
    return respond(request, "crews/chat.html", after=_here(crew, request))


@require_POST
def crew_chat_remove(request: CongregationRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the chat off; its address is forgotten."""
    crew = crews.find_mine(request, pk)
    _known(request, crew).remove(by=request.member, now=clock.now())
    messages.success(
        request, _("Your chat is told nothing any more, and its address is forgotten.")
    )
    return respond(request, "crews/chat.html", after=_here(crew, request))


def _chat(request: CongregationRequest, crew: Crew) -> Chat | None:
    rows = Chat.objects.visible_to(request.member).up().filter(crew=crew)
    return rows.select_related("set_by", "crew__congregation").first()


def _known(request: CongregationRequest, crew: Crew) -> Chat:
    chat = _chat(request, crew)
    if chat is None:
        raise Http404
    return chat


def _here(crew: Crew, request: CongregationRequest) -> str:
    return reverse("crew-chat", kwargs={"slug": request.member.congregation.slug, "pk": crew.pk})


def _show(
    request: CongregationRequest,
    crew: Crew,
    chat: Chat | None,
    form: ChatForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"crew": crew, "chat": chat, "form": form, "now": clock.now()}
    if chat:
        posts = ChatPost.objects.visible_to(request.member).filter(chat=chat)
        context["last"] = posts.exclude(state="dropped").order_by("-made_at").first()
    return respond(request, "crews/chat.html", context, status=status)
