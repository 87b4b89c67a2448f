// What each folder of the Python plugin may import; tools/imports.mjs has the same for all else.

export const PLUGIN = "locust-plugin/load_manager_locust";

/** The modules of Python itself that every file of the plugin may import. */
export const PYTHON_MODULES = [
  "collections",
  "ctypes",
  "hashlib",
  "hmac",
  "json",
  "logging",
  "numbers",
  "os",
  "platform",
  "re",
  "resource",
  "signal",
  "socket",
  "struct",
  "sys",
  "time",
  "traceback",
  "zlib",
];

/** Folder or file → its allowed imports, as in MAY_IMPORT. */
export const PLUGIN_MAY_IMPORT = {
  [`${PLUGIN}/*`]: [`${PLUGIN}/master`, `${PLUGIN}/worker`, `${PLUGIN}/shared`, "pip:locust"],
  [`${PLUGIN}/master`]: [
    `${PLUGIN}/delivery`,
    `${PLUGIN}/shared`,
    "pip:flask",
    "pip:gevent",
    "pip:locust",
    "pip:psutil",
  ],
  [`${PLUGIN}/worker`]: [`${PLUGIN}/shared`, "pip:gevent", "pip:locust", "pip:psutil"],
  [`${PLUGIN}/delivery`]: [`${PLUGIN}/shared`, "pip:gevent", "pip:requests"],
  [`${PLUGIN}/shared`]: [],
  [`${PLUGIN}/shared/clock.py`]: ["pip:locust"],
  [`${PLUGIN}/shared/compat.py`]: ["pip:locust"],
  [`${PLUGIN}/shared/stop_caller.py`]: ["pip:gevent", "pip:locust"],
};
