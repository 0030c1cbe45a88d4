// Opens pages in Chromium as a reader would, and says as JSON what it saw: node inspect_page.cjs CHROMIUM FILE...
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// What is not drawn yet, or is closed, must have enough contrast too.
const EVERYTHING = ".project { content-visibility: visible !important }";
const VIEWS = [
  { name: "light", colorScheme: "light", viewport: { width: 1200, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1200, height: 900 } },
  { name: "narrow", colorScheme: "light", viewport: { width: 360, height: 800 } },
];

async function audit(browser, address, view) {
  const context = await browser.newContext({ ...view, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(address);
  await page.addStyleTag({ content: EVERYTHING });
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document));
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await context.close();
  const name = (rule) => `${rule.id}: ${rule.nodes[0].html.slice(0, 300)}`;
  return {
    violations: found.violations.map(name),
    unsure: found.incomplete.map(name),
    passed: found.passes.length,
    overflow: width,
  };
}

async function read(browser, address) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  const said = [], asked = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push(dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(address);
  const seen = () => page.$$eval(".project", (all) => all.filter((one) => one.checkVisibility()).length);
  const result = { said, fetched: asked.filter((url) => url !== address), all: await seen(), chosen: {} };
  result.styled = await page.evaluate(() => getComputedStyle(document.querySelector(".tiles")).display);
  await page.keyboard.press("Tab");
  result.first = await page.evaluate(() => document.activeElement.getAttribute("href"));
  for (const choice of await page.$$eval(".filter input", (all) => all.map((one) => one.id))) {
    await page.focus(`#${choice}`);
    await page.keyboard.press("Space");
    result.chosen[choice.replace("show-", "")] = await seen();
  }
  await page.emulateMedia({ media: "print" });
  result.printed = await seen();
  result.opened = await page.$$eval("details > :not(summary)", (all) => all.every((one) => one.checkVisibility()));
  result.signed = await page.$eval(".sign-off", (one) => one.checkVisibility());
  result.pdf = (await page.pdf({ format: "A4" })).length;
  await context.close();
  return result;
}

async function main([executablePath, ...files]) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const results = [];
  for (const file of files) {
    const address = pathToFileURL(file).href;
    const views = {};
    for (const view of VIEWS) views[view.name] = await audit(browser, address, view);
    results.push({ views, ...(await read(browser, address)) });
  }
  await browser.close();
  process.stdout.write(JSON.stringify(results));
}

main(process.argv.slice(2));
