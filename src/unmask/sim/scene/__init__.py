"""What lies behind the face."""
