import type { Page } from "playwright-core";

/**
 * Labels one text after the other on the page of labelling, by its number keys. @param afterEach of the text's place, from 0
 * @returns the last text
 */
export async function labelByKeys(page: Page, count: number, keyOf: (text: string) => "1" | "2", afterEach?: (place: number) => Promise<void>): Promise<string> {
  const text = page.getByRole("region", { name: "The text" });
  await text.waitFor();
  let before = "";
  for (let place = 0; place < count; place++) {
    if (before !== "") await page.locator(".label-text").filter({ hasNotText: before }).waitFor();
    before = (await text.textContent()) ?? "";
    await page.keyboard.press(keyOf(before));
    await afterEach?.(place);
  }
  return before;
}
