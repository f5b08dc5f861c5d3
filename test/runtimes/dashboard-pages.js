/**
 * What the checks of the dashboard share: studies to look at, the commands that serve it, and a page that may
 * not complain.
 */
import { spawn } from "node:child_process";

const MANY = 10_000;

/** A storage with a study of 40 trials, one with markup as its name, and one of many. */
export async function filled(path, many = MANY) {
  const { createStudy, float, int, choice, random } = await import("fettle");
  const { sqliteStorage } = await import("fettle/store/sqlite");
  const space = {
    rate: float(1e-4, 0.1, { log: true }),
    units: int(4, 128),
    optimizer: choice(["adam", "<b>sgd</b>"]),
  };
  const objective = ({ rate, units }, { number }) => {
    if (number % 29 === 3) throw new Error("<img src=x onerror=alert(1)>");
    const value = Math.abs(Math.log10(rate) + 2.5) + units / 200;
    return { value, curves: { loss: [[1 + value, value]], valLoss: [[1.1 + value, value + 0.1]] } };
  };
  const storage = await sqliteStorage(path);
  for (const [name, trials] of [
    ["first", 40],
    ["<script>alert(1)</script>", 12],
    ["many", many],
  ]) {
    const study = createStudy({ space, strategy: random(), seed: trials, direction: "minimize" });
    await study.optimize(objective, { trials });
    await storage.create(name, study.toJSON());
  }
  return storage;
}

/** Runs `fettle dashboard` for as long as `use` takes. */
export function withDashboard(bin, words, use) {
  return withCommand(bin, ["dashboard", ...words, "--port", "0"], use);
}

/** Runs a command that serves a dashboard for as long as `use` takes. */
export async function withCommand(bin, words, use) {
  const { url, end, said } = await started(bin, words);
  let found;
  try {
    found = await use(url);
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  const code = await end("SIGINT");
  must(code === 0, `fettle ${words[0]} ended with ${code} at Ctrl-C: ${said()}`);
  return found;
}

/** Starts a command that serves a dashboard. `end` sends a signal and answers the exit code. */
export async function started(bin, words) {
  const child = spawn(process.execPath, [bin, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const ended = new Promise((resolve) => child.on("close", resolve));
  const url = await new Promise((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = /http:\/\/127\S+/.exec(said);
      if (found) resolve(found[0]);
    });
    void ended.then((code) => reject(new Error(`fettle ${words[0]} ended with ${code}: ${said}`)));
  });
  return {
    url,
    said: () => said,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Opens a page that may neither complain, but for what is allowed, nor ask another host. */
export async function opened(browser, url, { allowed, ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const wrong = [];
  page.on("console", (message) => {
    const isWrong = message.type() === "error" || message.type() === "warning";
    if (isWrong && !allowed?.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("dialog", (dialog) => {
    wrong.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(url).origin && origin !== "null") wrong.push(`a request to ${origin}`);
  });
  await page.goto(url);
  await page.locator(".cards .study").first().waitFor();
  return {
    page,
    async end() {
      await page.close();
      must(wrong.length === 0, `the page complains: ${wrong.join("; ")}`);
    },
  };
}

export const goTo = (page, hash) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);
/** A page of a study, once its pictures are drawn. */
export const drawn = (page) => page.locator(".picture canvas").first().waitFor();

export function must(condition, message) {
  if (!condition) throw new Error(message);
}
