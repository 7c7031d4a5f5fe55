"""What an energy manager has to do, rule by rule; the rest of the rules is about control types and sockets."""
