"""Signing in and out, the language, and what a page may load."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from tests.town import PASSWORD, user

from abonent.contexts.access.models import Role, User

pytestmark = pytest.mark.django_db


def test_sign_in_opens_the_page_that_was_asked_for(client: Client) -> None:
    user(Role.OPERATOR)
    asked = client.get("/runs/")
    response = client.post(
        asked["Location"], {"username": "operator", "password": PASSWORD, "next": "/runs/"}
    )
    assert response["Location"] == "/runs/"
    assert client.get("/runs/").status_code == 200


def test_a_wrong_password_is_told_and_signs_nobody_in(client: Client) -> None:
    user(Role.OPERATOR)
    response = client.post("/sign-in/", {"username": "operator", "password": "wrong"})
    assert "alert-danger" in response.content.decode()
    assert client.get("/").status_code == 302


def test_sign_in_never_leads_away_from_the_product(client: Client) -> None:
    user(Role.OPERATOR)
    there = {"username": "operator", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post("/sign-in/", there)["Location"] == "/"


def test_sign_out(office: Client) -> None:
    assert office.post(reverse("office:sign_out"))["Location"] == "/sign-in/"
    assert office.get("/").status_code == 302


@pytest.mark.parametrize(("language", "word"), [("ru", "Дома"), ("uk", "Будинки"), ("en", "Buildings")])
def test_the_language_is_kept_on_the_user(sign_in: Callable[..., Client], language: str, word: str) -> None:
    client = sign_in(language="en" if language == "ru" else "ru")
    client.post(reverse("office:language"), {"language": language, "next": "/runs/"})
    assert User.objects.get().language == language
    page = client.get("/").content.decode()
    assert f'<html lang="{language}"' in page
    assert word in page


def test_the_language_before_signing_in_is_kept_in_the_browser(client: Client) -> None:
    client.post(reverse("office:language"), {"language": "uk", "next": "/sign-in/"})
    assert '<html lang="uk"' in client.get("/sign-in/").content.decode()


def test_choosing_a_language_never_leads_away(client: Client) -> None:
    response = client.post(reverse("office:language"), {"language": "en", "next": "//elsewhere.example/"})
    assert response["Location"] == "/"


def test_a_page_may_load_nothing_inline_and_nothing_from_elsewhere(office: Client) -> None:
    response = office.get("/")
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    page = response.content.decode()
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*(src=|application/json))", page)
    assert not re.search(r'(src|href)="https?://', page)


def test_a_page_that_does_not_exist_says_so_in_the_readers_language(sign_in: Callable[..., Client]) -> None:
    response = sign_in(language="uk").get("/nothing/")
    assert response.status_code == 404
    assert "Такої сторінки немає" in response.content.decode()


def test_a_stranger_sees_no_menu_on_a_page_that_does_not_exist(client: Client) -> None:
    assert "navbar" not in client.get("/nothing/").content.decode()


def test_a_form_from_before_signing_in_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/sign-in/", {"username": "x"}, headers={"Accept-Language": "uk"})
    assert response.status_code == 403
    assert "Сторінка була відкрита занадто довго" in response.content.decode()


def test_a_failure_of_the_server_is_told_in_words(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("abonent.interfaces.office.views.desk.search_accounts", fail)
    office.raise_request_exception = False
    response = office.get("/search/?q=x")
    assert response.status_code == 500
    assert "tell the administrator" in response.content.decode()
