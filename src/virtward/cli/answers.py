"""What each command prints: the keys of its answer as JSON, and which of them are columns for people.

Rule: a key keeps its meaning; keys are only added. For each command, by variant (`""` where there is just one).
"""

from collections.abc import Mapping

from .rows import Field

LINE = Field("line", "line of the file, 0 if it isn't from the file", "LINE")
COMMENT = Field("comment", "", "COMMENT")
ENTRY = "{line, path, subject, role, propagate, text}"

ANSWERS: Mapping[str, Mapping[str, tuple[Field, ...]]] = {
    "can": {
        "": (
            Field("verdict", "`yes`, `no`, or `depends`"),
            Field("subject", "the user or token asked about"),
            Field("question", "what was asked, secrets masked"),
            Field("depends_on", "list of texts: what the answer depends on if it is `depends`"),
            Field("notes", "list of texts: what is odd about the question"),
        )
    },
    "why": {
        "": (
            Field("verdict", "`yes`, `no`, or `depends`"),
            Field("subject", "the user or token asked about"),
            Field("question", "what was asked, secrets masked"),
            Field("message", "the words of Proxmox VE's refusal, empty if it doesn't refuse"),
            Field(
                "rule",
                "list of the parts that must all hold: {label, verdict, depends_on, term}; a term is"
                " {says, held, note, wanted, terms, paths, ways}: `terms` lie below it, `paths` names the paths it"
                " asks about, `ways` are the alternative lists of {privilege, path} that would make it hold",
            ),
            Field(
                "paths",
                "list of how each path comes out: {path, pools, basis, privileges, sides}; a side is {subject,"
                " privileges, deciding, cut_off}, where `deciding` are entries and `cut_off` is {entry, cause, by}."
                f" An entry is {ENTRY}",
            ),
            Field(
                "missing",
                "list of {privilege, path, lacking}: everything that some way needs, and who lacks it:"
                " the subject, or the token or its user, or both",
            ),
            Field("depends_on", "list of texts: what stays open"),
            Field("grants", "list of {says, commands, new_role, gains, loses}, least extra power first"),
            Field("root_only", "whether no grant can make it a yes because it is root@pam's alone"),
            Field("notes", "list of texts"),
        )
    },
    "who-can": {
        "": (
            Field("subject", "user or token", "SUBJECT"),
            Field("kind", "`user` or `token`", "KIND"),
            Field(
                "via",
                "list of {says, line, path, subject, role}: the entries it rests on, none for root@pam",
                "VIA",
            ),
            Field("cut_off", "whether only the lost right of its user keeps the token from it"),
            Field("depends_on", "list of texts: what the answer for this subject depends on"),
            Field("marks", "list of `cut off`, `depends`, and why it can't log on now, if it can't", "NOTES"),
        )
    },
    "what-can": {
        "": (
            Field("path", "the path", "PATH"),
            Field(
                "shown",
                "the privileges in short, `*` after those that hold below as well",
                "PRIVILEGES (* below too)",
            ),
            Field("privileges", "object: privilege -> whether it holds below as well"),
            Field("via", "list of {says, line, path, subject, role}: the entries they come from", "VIA"),
        ),
        "--endpoints": (
            Field("method", "the method", "METHOD"),
            Field("path", "the path's template", "PATH"),
            Field("verdict", "`allowed`, `denied` or `depends`", "VERDICT"),
            Field("depends_on", "list of texts", "DEPENDS ON"),
        ),
    },
    "show": {
        "users": (
            Field("id", "user id", "USER"),
            Field("enabled", "whether it may log on", "ENABLED"),
            Field("expires", "date and time (UTC) of expiry, null for never", "EXPIRES"),
            Field("groups", "its groups", "GROUPS"),
            Field("tokens", "its tokens' names", "TOKENS"),
            Field("name", "first and last name", "NAME"),
            Field("email", "", "E-MAIL"),
            COMMENT,
            LINE,
        ),
        "groups": (
            Field("id", "group id", "GROUP"),
            Field("members", "user ids", "MEMBERS"),
            COMMENT,
            LINE,
        ),
        "roles": (
            Field("id", "role id", "ROLE"),
            Field("builtin", "whether every policy has it", "BUILT-IN"),
            Field("entries", "how many ACL entries give it", "ENTRIES"),
            Field("privileges", "its privileges", "PRIVILEGES"),
            LINE,
        ),
        "tokens": (
            Field("id", "token id", "TOKEN"),
            Field("separated", "whether it holds only what its own entries give as well", "SEPARATED"),
            Field("expires", "date and time (UTC) of expiry, null for never", "EXPIRES"),
            COMMENT,
            LINE,
        ),
        "pools": (
            Field("id", "pool id", "POOL"),
            Field("guests", "VM ids of its direct members", "GUESTS"),
            Field("storages", "its storages", "STORAGES"),
            COMMENT,
            LINE,
        ),
        "acl": (
            Field("path", "the path", "PATH"),
            Field("subject", "user, token or @group", "SUBJECT"),
            Field("kind", "`user`, `token` or `group`", "KIND"),
            Field("role", "the role", "ROLE"),
            Field("propagate", "whether it holds below as well", "PROPAGATES"),
            LINE,
        ),
        "privileges": (
            Field("id", "the privilege", "PRIVILEGE"),
            Field("category", "the part before the first dot", "CATEGORY"),
            Field("roles", "built-in roles that have it", "BUILT-IN ROLES"),
        ),
    },
    "fmt": {
        "--check": (
            Field("file", "the file's name"),
            Field("canonical", "whether it is as Proxmox VE would write it"),
            Field("differing_lines", "how many of its lines aren't in the canonical file"),
            Field("first_line", "the first line that differs, 0 if none"),
        )
    },
    "check": {
        "": (
            Field("line", "line of the file, 0 if there is none"),
            Field("severity", "`error`, `warning` or `notice`"),
            Field("code", "stable name of the finding; `syntax` for a line that isn't taken as it stands"),
            Field("subject", "what it is about, empty if it is about the line"),
            Field("message", "what is wrong"),
            Field("advice", "what became of it, or what to do"),
        )
    },
    "upgrade-check": {
        "": (
            Field("from", "the release now"),
            Field("to", "the release afterwards"),
            Field("upstream", "what Proxmox VE's own checker says, in our words"),
            Field(
                "findings",
                "list of {code, severity, title, subject, line, holders, losses, restored_by, advice, commands}:"
                " `severity` is `error` (rights are lost), `warning` or `notice`; a holder is {subject, path, role,"
                " through, line}; a loss is {holders, calls, left_to_root}; `restored_by` maps a new privilege to"
                " the lost calls that it alone brings back; `commands` are for after the upgrade",
            ),
        )
    },
}
