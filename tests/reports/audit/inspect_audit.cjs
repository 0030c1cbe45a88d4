// Opens audit reports in Chromium as a reader would, and says as JSON what it saw: node inspect_audit.cjs CHROMIUM FILE...
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = [
  { name: "light", colorScheme: "light", viewport: { width: 1200, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1200, height: 900 } },
  { name: "narrow", colorScheme: "light", viewport: { width: 360, height: 800 } },
];

async function audit(browser, address, view) {
  const context = await browser.newContext({ ...view, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(address);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await context.close();
  const name = (rule) => `${rule.id}: ${rule.nodes[0].html.slice(0, 300)}`;
  return {
    violations: found.violations.map(name),
    unsure: found.incomplete.map(name),
    passed: found.passes.length,
    overflow,
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
  const result = { said, fetched: asked.filter((url) => url !== address) };
  result.styled = await page.evaluate(() => getComputedStyle(document.querySelector(".tiles")).display);
  await page.keyboard.press("Tab");
  result.first = await page.evaluate(() => document.activeElement.getAttribute("href"));
  await page.emulateMedia({ media: "print" });
  result.opened = await page.$$eval("details > :not(summary)", (all) => all.every((one) => one.checkVisibility()));
  result.signed = await page.$eval(".sign-off", (one) => one.checkVisibility());
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  result.pdf = pdf.length;
  const boxes = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
  result.papers = [...new Set(boxes.map(([, width, height]) => `${Math.round(width)}x${Math.round(height)}`))];
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
