import { describe, expect, test } from "vitest";
import { REQUIREMENTS_LIMITS, requirementLines, requirementsFaults } from "./requirements.ts";

const ACCEPTED = `# packages of the script
faker
Faker==30.1  # pinned
requests[socks, security] >= 2.28, <3 ; python_version >= "3.9" and sys_platform == 'linux'
attrs (>=22.1,!=23.0)
zope.interface~=5.0
old===1.0.dev1+local
wild==1.*
locust>=2.12
pinned==1.0 \\
    --hash=sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 \\
    --hash=sha512:aa
\t
`;

describe("a requirements.txt", () => {
  test("names packages, with all that says which of an index", () => {
    for (const text of [ACCEPTED, ACCEPTED.replaceAll("\n", "\r\n"), `\uFEFF${ACCEPTED}`]) {
      expect(requirementsFaults(text)).toEqual([]);
      expect(requirementLines(text)).toHaveLength(9);
      expect(requirementLines(text).slice(0, 2)).toEqual(["faker", "Faker==30.1"]);
      expect(requirementLines(text).at(-1)).toMatch(
        /^pinned==1\.0 --hash=sha256:2cf\w+ --hash=sha512:aa$/,
      );
    }
    expect(requirementsFaults("")).toEqual([]);
  });

  test.each([
    ["-r other.txt", /option of pip/],
    ["--requirement=/etc/passwd", /option of pip/],
    ["-e .", /option of pip/],
    ["-c constraints.txt", /option of pip/],
    ["--index-url https://example.com/simple", /option of pip/],
    ["--extra-index-url=https://example.com", /option of pip/],
    ["--find-links /opt", /option of pip/],
    ["--trusted-host example.com", /option of pip/],
    ["--no-binary :all:", /option of pip/],
    ["faker --global-option=x", /no requirement/],
    ["faker --config-settings=a=b", /no requirement/],
    ["faker -i x", /no requirement/],
    ["git+https://example.com/a.git", /place/],
    ["https://example.com/a.whl", /place/],
    ["file:///etc/passwd", /place/],
    ["a @ https://example.com/a.whl", /place/],
    ["a@file:/tmp/a", /place/],
    ["./local", /place/],
    [".", /place/],
    ["..", /place/],
    ["/opt/wheels/a", /place/],
    ["sub/folder", /place/],
    ["C:\\a", /place/],
    ["a-1.0-py3-none-any.whl", /place/],
    ["a.tar.gz", /place/],
    ["a==1; python_version > '3' @ https://example.com", /place/],
    ["faker==${PIP_INDEX_URL}", /variable/],
    ["faker==1 2", /no requirement/],
    ["==1", /no requirement/],
    ["a\u000bb", /control/],
    ["a\u2028-r x", /control/],
    ["# a\u2028-r x", /control/],
    ["a\\\n-r x", /no requirement/],
  ])("refuses %j with its line", (line, message) => {
    expect(requirementsFaults(`faker\n\n${line}\nattrs\n`)).toEqual([
      { line: 3, message: expect.stringMatching(message) },
    ]);
  });

  test("a comment does not go on in the next line", () => {
    expect(requirementsFaults("# a \\\n-r x")).toEqual([
      { line: 2, message: expect.stringMatching(/option/) },
    ]);
    expect(requirementsFaults("a # b \\\n-r x")).toEqual([]);
  });

  test("has limits", () => {
    const { bytes, packages } = REQUIREMENTS_LIMITS;
    expect(requirementsFaults(`#${"a".repeat(bytes)}`)).toEqual([
      { message: "must be at most 64 KiB" },
    ]);
    expect(requirementsFaults("a\n".repeat(packages))).toEqual([]);
    expect(requirementsFaults("a\n".repeat(packages + 1))).toEqual([
      { message: "must name at most 200 packages" },
    ]);
  });
});
