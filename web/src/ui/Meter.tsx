import classes from "./ui.module.css";

/** How much of a limit is in use, 4 px high; red above nine tenths. */
export function Meter({ value, label, width = 64 }: { value: number; label: string; width?: number | string }) {
  const share = Math.max(0, Math.min(1, value));
  return (
    <div
      className={classes.meter}
      style={{ width }}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <div className={classes.meterFill} data-high={share > 0.9} style={{ width: `${share * 100}%` }} />
    </div>
  );
}
