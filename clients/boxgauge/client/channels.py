"""How the clients reach the service."""

# What the service takes and sends is its own setting, not this side's default of 4 MiB.
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)
CALL_TIMEOUT_S = 60.0
WINDOW = 8
