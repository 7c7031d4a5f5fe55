"""One spelling for every address, and a reason for every refusal."""

from contextlib import suppress

from hypothesis import given, strategies as st
import pytest

from custom_components.flexmeasures.client import InvalidInputError, normalise_url


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("https://example.com", "https://example.com"),
        ("  https://example.com/ ", "https://example.com"),
        ("HTTPS://Example.COM:443/", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://127.0.0.1:5000/api", "http://127.0.0.1:5000"),
        ("http://127.0.0.1:5000/api/v3_0/", "http://127.0.0.1:5000"),
        ("https://example.com/Energy/", "https://example.com/Energy"),
        ("https://example.com/energy/api/v3_0", "https://example.com/energy"),
        ("https://example.com/myapi", "https://example.com/myapi"),
        ("https://example.com/api/other", "https://example.com/api/other"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_address_become_one(typed: str, normal: str) -> None:
    """Scheme and host in lower case; nothing that is not needed; the sub-path as it is."""
    assert normalise_url(typed) == normal


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "http:// or https://"),
        ("example.com", "http:// or https://"),
        ("example.com:5000", "http:// or https://"),
        ("ftp://example.com", "http:// or https://"),
        ("https:/example.com", "http:// or https://"),
        ("https://", "valid address|no host"),
        ("https:///path", "valid address|no host"),
        ("https://user:secret@example.com", "password"),
        ("https://user@example.com", "user name"),
        ("https://@example.com", "user name"),
        ("https://example.com?x=1", "query"),
        ("https://example.com/?", "query"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com:0", "port"),
        ("https://example.com:99999", "valid address"),
        ("https://example.com:http", "valid address"),
        ("https://exa mple.com", "spaces"),
        ("https://example.com/a\tb", "spaces"),
        ("https://example.com\\evil", "backslashes"),
        ("https://a..b", "valid name"),
        ("http://[0:]", "valid IPv6"),
        ("http://[:]", "valid address|valid IPv6"),
        ("https://a\u00b8", "valid name"),
        ("https://a%20b", "valid address|valid name"),
        (f"https://{'a' * 64}.example", "valid name"),
        ("http://[::1", "valid address"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: str, reason: str) -> None:
    """And the field is named; a password in it is not repeated."""
    with pytest.raises(InvalidInputError, match=reason) as caught:
        normalise_url(typed)

    assert caught.value.field == "url"
    assert "secret" not in str(caught.value)


@given(
    st.sampled_from(["http", "https", "HTTP"]),
    st.from_regex(
        r"[A-Za-z0-9]([A-Za-z0-9.-]{0,10}[A-Za-z0-9])?|\[::[0-9a-f]{1,4}\]", fullmatch=True
    ),
    st.none() | st.integers(1, 65535),
    st.text(max_size=20) | st.from_regex(r"(/|/api|/v3_0|/%41|/a|/\.\.){0,6}", fullmatch=True),
)
def test_the_normal_form_is_its_own_normal_form(
    scheme: str, host: str, port: int | None, path: str
) -> None:
    """So that two entries for one server are recognised."""
    try:
        normal = normalise_url(f"{scheme}://{host}{'' if port is None else f':{port}'}{path}")
    except InvalidInputError:
        return
    assert normalise_url(normal) == normal
    assert not normal.endswith("/")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Never anything else."""
    for typed in (text, f"http://{text}"):
        with suppress(InvalidInputError):
            normalise_url(typed)
