"""Base classes for admin pages on which moderators make decisions with a reason.

Nothing is edited, added or deleted on them: every change is a moderation action, so it is live and
in the audit log. A decision has a page of its own, with a POST, for one object or for many.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import User
from chat.admin.lists import ListAdmin
from chat.admin.trail import trail
from chat.moderation.actions import REASON_LIMIT, label
from chat.protocol import ChatError
from mediachat.databases.transactions import retried

MANY = 100
"""How many things can be decided about at once: as many as one page of a list shows."""

M = TypeVar("M", bound=Model)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=REASON_LIMIT,
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True, "dir": "auto"}),
        help_text="The audit log keeps it with your name, for good.",
    )


@dataclass(frozen=True)
class ModerationAction(Generic[M]):
    """An action that a moderator can take on an object.

    ``act`` gets the moderator, the object and the reason, and raises ``ChatError`` to refuse. The
    list that it returns is shown once in the ``result`` template, if there is one; or ``respond``
    turns the result into the response. Showing it again needs a new reason.
    """

    name: str
    verb: str
    consequence: str
    permission: str
    act: Callable[[User, M, str], Any]
    icon: str
    is_open: Callable[[M], bool] = lambda row: True
    """Whether it makes sense for this thing as it is."""
    is_severe: bool = False
    one_only: bool = False
    is_final: bool = False
    """Whether it cannot be undone. Then the moderator has to enter their password again."""
    result: str = ""
    respond: Callable[[Any], HttpResponseBase] | None = None


class ModeratedAdmin(ListAdmin[M]):
    """Shows objects, and offers the actions on them."""

    decisions: Sequence[ModerationAction[M]] = ()
    list_per_page = 50
    show_full_result_count = False
    list_filter_sheet = False
    compressed_fields = True

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    # -- Nothing is changed but by decisions ---------------------------------------------------

    def has_add_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    # -- Where decisions are offered -----------------------------------------------------------

    def permitted(self, request: HttpRequest) -> list[ModerationAction[M]]:
        return [each for each in self.decisions if request.user.has_perm(each.permission)]

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Any, str, str]]:
        offered = {
            each.name: (_choose(each.name), each.name, f"{each.verb} …")
            for each in self.permitted(request)
            if not each.one_only
        }
        return super().get_actions(request) | offered

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: M | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj is not None:
            context["original"], context["subtitle"] = _Labelled(obj), label(obj)
            context["actions_detail"] = [
                {
                    "title": f"{each.verb} …",
                    "icon": each.icon,
                    "variant": ActionVariant.DEFAULT,
                    "attrs": {},
                    "dialog": None,
                    "path": link,
                }
                for each, link in self.offers(request, obj)
            ]
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def offers(self, request: HttpRequest, row: M) -> list[tuple[ModerationAction[M], str]]:
        """Returns the actions that this person can take on this object now, each with
        its address.
        """
        here = request.get_full_path()
        return [
            (each, self.address(each.name, [row.pk], back=here))
            for each in self.permitted(request)
            if each.is_open(row)
        ]

    def address(self, decision: str, ids: Sequence[UUID], *, back: str = "") -> str:
        """Returns the address of the page that requests the reason."""
        query = [("id", str(id)) for id in ids] + ([("next", back)] if back else [])
        return f"{reverse(f'admin:{self._url_name}_decide', args=[decision])}?{urlencode(query)}"

    @property
    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    # -- Deciding ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide)
        mine = path("decide/<slug:name>/", decide, name=f"{self._url_name}_decide")
        return [mine, *super().get_urls()]

    def decide(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Requests the reason, and on POST runs the action."""
        decision = next((each for each in self.decisions if each.name == name), None)
        if decision is None:
            raise Http404
        if not self.has_view_permission(request) or decision not in self.permitted(request):
            raise PermissionDenied
        ask = reauthentication_required(self._ask) if decision.is_final else self._ask
        return cast(HttpResponseBase, ask(request, decision))

    def _ask(self, request: HttpRequest, decision: ModerationAction[M]) -> HttpResponseBase:
        rows = self._chosen(request, decision)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._carry_out(request, decision, rows, form.cleaned_data["reason"])
        return self._page(
            request,
            "admin/decide.html",
            decision,
            form=form,
            things=[(label(row), decision.is_open(row)) for row in rows],
            back=self._back(request),
        )

    def _chosen(self, request: HttpRequest, decision: ModerationAction[M]) -> list[M]:
        try:
            ids = [UUID(id) for id in request.GET.getlist("id")]
        except ValueError:
            raise Http404 from None
        limit = 1 if decision.one_only else MANY
        rows = list(self.get_queryset(request).filter(pk__in=ids[:limit]))
        if not rows:
            raise Http404
        return rows

    def _carry_out(
        self, request: HttpRequest, decision: ModerationAction[M], rows: list[M], reason: str
    ) -> HttpResponseBase:
        done: list[tuple[M, Any]] = []
        for row in rows:
            try:
                actor = cast(User, request.user)
                done.append((row, retried(decision.act, actor, row, reason)))
            except ChatError as refusal:
                messages.error(request, f"{label(row)}: {refusal.detail}")
        if done and decision.respond:
            return decision.respond(done[0][1])
        if done and decision.result:
            results = [one for _, several in done for one in several]
            return self._page(
                request, decision.result, decision, results=results, back=self._back(request)
            )
        if done:
            names = ", ".join(label(row) for row, _ in done[:3])
            more = f" and {len(done) - 3} more" if len(done) > 3 else ""
            messages.success(request, f"{decision.verb}: done for {names}{more}.")
        return redirect(self._back(request))

    def _page(
        self, request: HttpRequest, template: str, decision: ModerationAction[M], **context: Any
    ) -> HttpResponse:
        context |= self.admin_site.each_context(request)
        context |= {"opts": self.opts, "decision": decision, "title": decision.verb}
        return TemplateResponse(request, template, context)

    def _back(self, request: HttpRequest) -> str:
        back = request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return back
        return reverse(f"admin:{self._url_name}_changelist")

    # -- What was decided ----------------------------------------------------------------------

    def decided(self, row: M) -> SafeString | str:
        """A field with the audit log's entries about this object."""
        return trail(row)

    decided.short_description = "Audit log"  # type: ignore[attr-defined]

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Shows the log only to those who may read it."""
        sets: list[tuple[Any, Mapping[str, Any]]] = list(super().get_fieldsets(request, obj))
        if request.user.has_perm("chat.view_auditentry"):
            return sets
        return [
            (name, {**options, "fields": [f for f in options["fields"] if f != "decided"]})
            for name, options in sets
        ]


class _Labelled:
    """An object for the page's header, which would otherwise show ids."""

    def __init__(self, row: Model) -> None:
        self._meta, self.pk, self._label = row._meta, row.pk, label(row)

    def __str__(self) -> str:
        return self._label


def _choose(
    name: str,
) -> Callable[[ModeratedAdmin[Any], HttpRequest, QuerySet[Any]], HttpResponse | None]:
    """A list's action: opens the page that requests the reason, for the selected objects."""

    def choose(
        admin: ModeratedAdmin[Any], request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponse | None:
        ids = list(chosen.values_list("pk", flat=True)[: MANY + 1])
        if len(ids) > MANY:
            messages.error(request, f"Choose at most {MANY} at once.")
            return None
        return redirect(admin.address(name, ids, back=request.get_full_path()))

    return choose
