// Whoever fills in one of several sources means that one.

document.addEventListener("input", (event) => {
  const source = event.target.dataset.chooses;
  if (!source || !event.target.value) return;
  const choice = event.target.form.querySelector(`input[type=radio][value="${source}"]`);
  if (choice) choice.checked = true;
});
