"""How our clients name themselves to AWS."""

# botocore would put its own together anew for every call, which costs a fifth of the call's CPU.
USER_AGENT = "scanward"
