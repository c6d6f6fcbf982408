import { describe, expect, it } from 'vitest';
import { daysUntilFull } from './disk-forecast.ts';

const NOW = new Date(Date.UTC(2026, 5, 1));
const added = (daysAgo: number, bytes: number) => ({
  moment: new Date(NOW.getTime() - daysAgo * 86_400_000),
  bytes,
});
const free = (freeBytes: number) => ({ freeBytes, now: NOW });

describe('the days until a disk is full', () => {
  it('follow from what was added a day, without what the first backup brought', () => {
    expect(daysUntilFull([[added(4, 9999), added(3, 10), added(1, 30)]], free(100))).toBe(10);
  });

  it('count the days since the last backup, and not what a wrong clock has dated in the future', () => {
    expect(daysUntilFull([[added(20, 9999), added(10, 40)]], free(100))).toBe(50);
    expect(daysUntilFull([[added(-1, 5), added(4, 9999), added(2, 40)]], free(100))).toBe(10);
  });

  it('follow from all folders on the disk, each with a first backup of its own', () => {
    const folder = [added(10, 9999), added(5, 50)];
    const younger = [added(4, 9999), added(2, 20)];
    expect(daysUntilFull([folder, younger], free(100))).toBe(10);
  });

  it('follow from the last 60 days alone', () => {
    expect(daysUntilFull([[added(900, 1), added(100, 1e9), added(59, 60)]], free(100))).toBe(100);
  });

  it('are unknown where nothing was added, and where backups are younger than two days', () => {
    expect(daysUntilFull([], free(100))).toBeUndefined();
    expect(daysUntilFull([[added(9, 9999)], []], free(100))).toBeUndefined();
    expect(daysUntilFull([[added(1.9, 9999), added(1, 50)]], free(100))).toBeUndefined();
  });
});
