"""The refusal of a command."""


class Refused(Exception):
    """
    ``code`` for programs, the text for people, ``run_id`` of the run that is in the way, ``field``: the setting of the run that
    cannot be applied.
    """

    def __init__(self, code, message, run_id=None, field=None):
        super(Refused, self).__init__(message)
        self.code = code
        self.run_id = run_id
        self.field = field


def setting_refused(field, message):
    return Refused("setting_refused", message, field=field)
