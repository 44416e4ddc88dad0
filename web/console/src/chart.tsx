// Claims a second over the last two minutes. The library is loaded when the first chart is shown.

import { useEffect, useRef } from 'preact/hooks';
import type UPlot from 'uplot';

import { clockTime, number, t } from './i18n.ts';
import type { Series } from './live_state.ts';

const kSpan = 120; // s shown

/** Granted is a solid line over a tint, refused a dashed one: told apart without colours too. */
export function Swatch({ dashed = false }: { dashed?: boolean }) {
  return (
    <svg
      class={dashed ? 'ink-refused' : 'ink-granted'}
      width="22"
      height="8"
      viewBox="0 0 22 8"
      stroke="currentColor"
      stroke-width="2.5"
      aria-hidden="true"
    >
      <path d="M1 4h20" stroke-dasharray={dashed ? '5 3' : undefined} />
    </svg>
  );
}

/** The colour that a class has in the theme that is on. */
function inkOf(host: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.className = name;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function optionsFor(host: HTMLElement, hidesNumbers: boolean, Plot: typeof UPlot): UPlot.Options {
  const granted = inkOf(host, 'ink-granted');
  const quiet = inkOf(host, 'quiet');
  const line = inkOf(host, 'ink-line');
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(host.clientWidth, 100),
    height: Math.max(host.clientHeight, 100),
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range: (_, __, max) => [(max ?? 0) - kSpan, max ?? 0] },
      // Never a scale so fine that three claims look like a storm.
      y: { range: (_, __, max) => [0, Math.max(10, (max ?? 0) * 1.15)] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 90, values: (_, splits) => splits.map((s) => clockTime(s * 1000)) },
      {
        ...axis,
        size: 62,
        values: (_, splits) => splits.map((value) => (hidesNumbers ? '' : number(value))),
      },
    ],
    series: [
      {},
      {
        stroke: granted,
        width: 2.5,
        fill: granted.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.14)'),
        points: { show: false },
        paths: Plot.paths.linear!(),
      },
      {
        stroke: inkOf(host, 'ink-refused'),
        width: 2,
        dash: [7, 4],
        points: { show: false },
        paths: Plot.paths.linear!(),
      },
    ],
  };
}

export function Chart({ series, turn, hidesNumbers, theme, label }: {
  series: Series;
  turn: number; // changes when the series has
  hidesNumbers: boolean;
  theme: string;
  label: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    let watch: ResizeObserver | undefined;
    let gone = false;
    void import('uplot').then(({ default: Plot }) => {
      if (gone) return;
      plot.current = new Plot(
        optionsFor(element, hidesNumbers, Plot),
        [series.time, series.granted, series.refused] as UPlot.AlignedData,
        element,
      );
      watch = new ResizeObserver(() => {
        plot.current?.setSize({ width: Math.max(element.clientWidth, 100), height: Math.max(element.clientHeight, 100) });
      });
      watch.observe(element);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [hidesNumbers, theme, series]);
  useEffect(() => {
    plot.current?.setData([series.time, series.granted, series.refused] as UPlot.AlignedData);
  }, [turn]);
  return <div ref={host} class="plot" role="img" aria-label={label || t('live.rates')} />;
}
