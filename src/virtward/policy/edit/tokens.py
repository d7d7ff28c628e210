"""API tokens, without their secrets. Source: pve-access-control 9.1.1, as observed."""

from ...errors import Error, Invalid
from ..model import Policy, Token
from ..names import parse_token
from .change import changed, rereading, without


@rereading
def add_token(policy: Policy, token: Token) -> Policy:
    """A new token of an existing user."""
    userid, _ = parse_token(token.id)
    if token.id in policy.tokens:
        raise Invalid({"tokenid": "Token already exists."})
    if userid not in policy.users:
        raise Error(f"no such user ('{userid}')")
    return changed(policy, {token.id}, tokens={**policy.tokens, token.id: token})


@rereading
def modify_token(policy: Policy, token: Token) -> Policy:
    """The existing token with this record."""
    policy.token(*parse_token(token.id))
    return changed(policy, {token.id}, tokens={**policy.tokens, token.id: token})


@rereading
def delete_token(policy: Policy, userid: str, sub: str) -> Policy:
    """Without the token; its entries are written once more, without effect (quirk Q19)."""
    token = policy.token(userid, sub)
    return changed(policy, {token.id}, tokens=without(policy.tokens, token.id), gone=frozenset((token.id,)))
