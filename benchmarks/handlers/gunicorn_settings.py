"""How gunicorn runs the handler of Flask: as it comes, with four threads."""

threads = 4
errorlog = "-"
control_socket_disable = True
