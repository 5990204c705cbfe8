import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from recon_project import first_start
from tests import factories

pytestmark = pytest.mark.django_db


class TestFirstLogin:
    def test_it_opens_the_desk_as_an_administrator(self):
        login = first_start.make_first_login()

        request = RequestFactory().post("/admin/login/")
        user = authenticate(request, username=login.username, password=login.password)

        assert user.is_superuser
        assert [group.name for group in user.groups.all()] == ["Administrator"]

    def test_the_password_is_another_each_time(self, django_user_model):
        first = first_start.make_first_login()
        django_user_model.objects.all().delete()

        assert first_start.make_first_login().password != first.password

    def test_it_is_made_only_where_nobody_has_one(self, analyst, django_user_model):
        assert first_start.make_first_login() is None
        assert list(django_user_model.objects.all()) == [analyst]


def test_a_migrated_database_has_nothing_pending():
    assert first_start.pending_migrations() == 0


def test_the_demo_is_loaded_only_where_there_are_no_trades():
    assert not first_start.has_trades()

    factories.trade()

    assert first_start.has_trades()
