/** Imported before a program, makes its clock one of processor time: other work on the machine takes nothing from its budget. */
performance.now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
