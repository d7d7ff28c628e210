"""Who is calling: tickets, CSRF tokens, passwords, API tokens and second factors, pure and without I/O."""
