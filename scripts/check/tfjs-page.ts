// Uses the page of examples/tfjs by keyboard, wide and as narrow as a phone: ours trains, TF.js's wasm says that it fails.

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { serveTfjsPage } from '../examples/tfjs-page.js';
import { launchChromium } from './browsers/chromium.js';

const PATIENCE = { timeout: 120_000 };

/** Starts a backend as keyboards do. */
const press = (page: Page, name: string) => page.locator(`#${name} button`).press('Enter');

/** Waits until the state of a backend says something. */
const says = (page: Page, name: string, text: string) =>
  page.locator(`#${name} .state`, { hasText: text }).waitFor(PATIENCE);

/** Fails where letters of the chart are not of the size of letters, or figures of two cards not side by side. */
async function checkLooks(page: Page, width: number): Promise<void> {
  const letters = await page.locator('#chart text').first().boundingBox();
  assert(letters && letters.height > 10 && letters.height < 24, `letters: ${letters?.height}`);
  const [ours, cpu] = await Promise.all(
    ['wasmgrad', 'cpu'].map((name) => page.locator(`#${name} dl`).boundingBox()),
  );
  assert(width < 640 || Math.abs((ours?.y ?? 0) - (cpu?.y ?? 9)) < 1, 'figures are side by side');
}

/** Fails unless the page does what it says. */
export async function checkTfjsPage(): Promise<void> {
  const server = await serveTfjsPage();
  const browser = await launchChromium();
  try {
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ viewport: { width, height: 844 } });
      await page.goto(server.origin);
      await checkLooks(page, width);
      await press(page, 'wasm');
      await says(page, 'wasm', "It fails: Kernel 'Conv2DBackpropFilter' not registered");
      await press(page, 'webgl');
      await page.locator('#webgl .state', { hasText: /training|It fails/ }).waitFor(PATIENCE);
      await press(page, 'cpu');
      await says(page, 'cpu', 'training');
      await press(page, 'wasmgrad');
      await says(page, 'cpu', 'stopped');
      await says(page, 'wasmgrad', 'training');
      await page.locator('#wasmgrad dd', { hasText: /^[3-9]$/ }).waitFor(PATIENCE);
      await press(page, 'wasmgrad');
      await says(page, 'wasmgrad', 'stopped');
      const figures = await page.locator('#wasmgrad dd').allTextContents();
      const [speed, loss] = figures.map((figure) => Number(figure.replace(',', '')));
      console.log(`the page at ${width}: ${figures.join(', ')}`);
      assert(speed > 0 && loss < 2.3, 'it learns');
      const names = await page.locator('#chart text[class]').allTextContents();
      assert(names.includes('wasmgrad'), 'a curve has its name');
      const isWide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      assert(!isWide, 'nothing is cut off at the side');
      await page.close();
    }
  } finally {
    await browser.close();
    server.close();
  }
}
