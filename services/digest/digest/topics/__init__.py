"""What messages are about, and what is popular."""
