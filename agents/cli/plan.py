"""`tallygate plan`: the days on which a value would still fit a person's limit."""

import asyncio
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agents.cli.exits import AWAY, refuse

DAYS: Final = 7


def command(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="The consignee as JSON, as in an event; - is standard input.")
    ],
    value: Annotated[str, typer.Option(metavar="AMOUNT", help="In the currency of the programme, such as 120.00.")],
    day: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="First day, in the programme's zone.")
    ],
    gateway: Annotated[str, typer.Option(metavar="URL", help="The gateway to ask.")],
    token_file: Annotated[Path, typer.Option(metavar="FILE", help="File with a token of the scope plan.")],
    days: Annotated[int, typer.Option(min=1, max=30, help="Number of days to look at.")] = DAYS,
    programme: Annotated[
        str | None, typer.Option(metavar="ID", help="Programme that a bill would claim; default: the gateway's.")
    ] = None,
    seller: Annotated[
        str | None, typer.Option(help="Who sells the goods, where the programme sums per seller.")
    ] = None,
    conveyance: Annotated[
        str | None, typer.Option(help="The conveyance, where the programme sums per conveyance.")
    ] = None,
    weight: Annotated[
        int | None, typer.Option(min=0, metavar="GRAMS", help="Weight, where the programme limits it.")
    ] = None,
) -> None:
    """Show a person's headroom day by day, and on which days a value would fit.

    Write the person's name into a file: everybody on a machine can see the arguments of a command. The gateway notes
    each day that you ask about in its audit log, by consignee key. Exit code 0: answered; 2: bad usage, or refused; 75:
    the gateway is away.
    """
    from agents.bills.planning import ConsigneeFileError, Question, read_consignee
    from agents.client import GatewayAwayError, GatewayError
    from stream.money import AmountError, parse_amount

    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        consignee, cents = read_consignee(text), parse_amount(value)
        more = {"programme": programme, "seller": seller, "conveyance": conveyance, "weight_grams": weight}
        asyncio.run(_ask(gateway, token_file, Question(consignee, cents, more), day.date(), days))
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    except AmountError:
        refuse("--value: expected an amount such as 120.00")
    except (ConsigneeFileError, GatewayError) as error:
        refuse(error)
    except GatewayAwayError as error:
        refuse(error, AWAY)


async def _ask(url: str, token_file: Path, question: Any, first: date, days: int) -> None:
    from agents.bills.planning import plan_days
    from agents.bills.words import day_words, money
    from agents.client import Gateway, read_token
    from stream.reasons import REASON_LINES, STALE_LINE

    fitting, stale, later = 0, False, None
    async with Gateway(url, read_token(token_file)) as gateway:
        async for plan in plan_days(gateway, question, first, days):
            result = "fits" if plan.fits else REASON_LINES.get(plan.reason or "", "does not fit")
            used = f"{money(plan.total_cents, plan.currency)} used"
            if plan.limit_cents is not None and plan.headroom_cents is not None:
                left = money(plan.headroom_cents, plan.currency)
                used = used.replace(" used", f" of {money(plan.limit_cents, plan.currency)} used, {left} left")
            print(f"{day_words(plan.day):<16}  {used:<44}  {result}")
            fitting, stale, later = fitting + plan.fits, stale or plan.stale, plan.next_day
    if not fitting:
        print(f"first day on which it fits: {day_words(later)}" if later else "it fits on none of the days looked at")
    if stale:
        print(STALE_LINE, file=sys.stderr)
