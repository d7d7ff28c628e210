"""Who is calling: pure checks of users and tokens at log-on."""
