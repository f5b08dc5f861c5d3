/**
 * Imported before a program, makes its clocks ones of processor time: other work on the machine takes nothing
 * from its budget.
 */
const began = Date.now();
const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
performance.now = spent;
Date.now = () => began + spent();
