// Draws the specification that the page names.
window.SwaggerUIBundle({
  url: document.documentElement.dataset.specification,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
