"""What Scanward is compared with: the same work, done with less of a framework, and with another."""
