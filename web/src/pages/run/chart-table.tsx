import type { ReactNode } from "react";
import { cell, Table, TableHead } from "../../components/table.tsx";
import { clock, sinceStart } from "../../format/times.ts";
import type { ChartPart } from "./chart-cursor.ts";

const MOST_ROWS = 500;

/** The values of the charts as a table, newest first. */
export const ChartTable = ({
  title,
  times,
  loadStartMs,
  series,
}: ChartPart & { readonly loadStartMs: number }): ReactNode => {
  const rows = times
    .map((at, index) => ({ at, index }))
    .toReversed()
    .slice(0, MOST_ROWS);
  const heads = [
    { head: "Since load start" },
    { head: "Time" },
    ...series.map(({ label }) => ({ head: label, isNumber: true })),
  ];
  return (
    <Table label={`${title}, as a table`}>
      <TableHead heads={heads} />
      <tbody>
        {rows.map(({ at, index }) => (
          <tr key={at}>
            <td>{sinceStart(at)}</td>
            <td>{clock(loadStartMs + at * 1000)}</td>
            {series.map(({ label, values, format }) => {
              const value = values[index];
              return (
                <td key={label} className={cell.num}>
                  {value == null ? "–" : format(value)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </Table>
  );
};
