import { expect, test } from "vitest";
import { exceptionIn } from "./exception-in-log.ts";

const LOG = `
[2026-11-30 00:23:09,117] vm/INFO/locust.main: Starting
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/opt/locust-plugin/load_manager_locust/launcher.py", line 22, in main
    sys.exit(locust_main())
  File "/venv/lib/python3.11/site-packages/locust/main.py", line 69, in main
    docstring, _user_classes, shape_class = load_locustfile(_locustfile)
  File "/runs/1/script/locustfile.py", line 7, in <module>
    TOKEN = os.environ["SHOP_TOKEN"]
            ~~~~~~~~~~^^^^^^^^^^^^^^
  File "<frozen os>", line 679, in __getitem__
KeyError: 'SHOP_TOKEN'`.split("\n");

test("the exception of a process that ended, with the line of the script", () => {
  expect(exceptionIn(LOG)).toBe("KeyError: 'SHOP_TOKEN' (locustfile.py, line 7)");
  const ending = [...LOG, "[2026-11-30 00:23:10,117] vm/INFO/locust.main: Shutting down"];
  expect(exceptionIn(ending)).toBe("KeyError: 'SHOP_TOKEN' (locustfile.py, line 7)");
  const two = [
    ...[...LOG, "During handling of the above exception, another exception occurred:"],
    ...["Traceback (most recent call last):", `  File "/runs/1/script/shop.py", line 3`],
    ...["    from locust import task events", "SyntaxError: invalid syntax"],
  ];
  expect(exceptionIn(two)).toBe("SyntaxError: invalid syntax (shop.py, line 3)");
});

test("an exception after which the process went on is not why it ended", () => {
  expect(exceptionIn([...LOG, "[2026-11-30 00:23:10,117] vm/INFO/root: next"])).toBeUndefined();
  expect(exceptionIn(["[2026-11-30 00:23:10,117] vm/INFO/root: next"])).toBeUndefined();
  expect(exceptionIn(LOG.slice(0, -1))).toBeUndefined();
});
