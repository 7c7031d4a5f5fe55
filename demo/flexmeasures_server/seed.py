"""Fill a new database: its tables, what FlexMeasures itself needs, and the users. Runs inside the host process."""

from collections.abc import Sequence
from functools import cache
import sys

from .configuration import ServerUser


def seed(users: Sequence[ServerUser]) -> None:
    """Bring the database to the newest schema and add whatever is missing; what exists stays as it is."""
    # FlexMeasures looks at the command line to accept a database without tables.
    sys.argv = ["flexmeasures", "db", "upgrade"]
    from flask_migrate import upgrade
    from flexmeasures.app import create
    from flexmeasures.data import db
    from flexmeasures.data.scripts.data_gen import populate_initial_structure

    app = create(env="production")
    with app.app_context():
        upgrade()
        sys.argv = ["flexmeasures"]
        populate_initial_structure(db)
        _add_users(users)
        db.session.commit()


def _add_users(users: Sequence[ServerUser]) -> None:
    from flexmeasures.data import db
    from flexmeasures.data.models.user import User
    from flexmeasures.data.services import users as user_service
    from sqlalchemy import select

    # Hashing is slow by design. Users of a test server often share a password.
    user_service.hash_password = cache(user_service.hash_password)
    for user in users:
        if (
            db.session.execute(select(User).filter_by(email=user.email)).scalar_one_or_none()
            is None
        ):
            user_service.create_user(
                email=user.email,
                username=user.email,
                password=user.password,
                account_name=user.account,
                user_roles=list(user.roles),
                check_email_deliverability=False,
                timezone="Europe/Amsterdam",
            )
