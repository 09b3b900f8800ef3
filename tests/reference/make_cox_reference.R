# Makes the values in cox_reference.json: Cox models with weights, both ties, clusters; residuals, predicted curves, tests
# of proportional hazards, concordance, Gaussian frailty, Firth's penalty. Run it in this folder:
# Rscript make_cox_reference.R   (R >= 4.2; survival >= 3.5, jsonlite; takes a minute)
library(survival)
library(jsonlite)

values <- list()
put <- function(key, value) values[[paste0("coxph.", key)]] <<- unname(as.vector(value))
exact <- coxph.control(eps = 1e-11, iter.max = 50)
spread <- function(n) 0.5 + (seq_len(n) * 13) %% 9 / 4

lung <- read.csv("lung.csv")
mgus2 <- read.csv("mgus2.csv")
mgus2$male <- as.integer(mgus2$sex == "M")
mgus2 <- mgus2[complete.cases(mgus2[, c("hgb", "creat", "mspike")]), ]
heart <- read.csv("heart.csv")
sim <- read.csv("sim512.csv")
cgd <- read.csv("cgd.csv")
kidney <- read.csv("kidney.csv")
extreme <- subset(read.csv("extreme.csv"), x < 60)

# name: formula, data, cluster (a column, or "" for none)
models <- list(
  lung = list(Surv(time, event) ~ age + sex + ph_ecog, lung, "inst"),
  lung_strata = list(Surv(time, event) ~ age + sex + ph_ecog + strata(inst), lung, "inst"),
  mgus2 = list(Surv(futime, death) ~ age + male + hgb + creat, mgus2, "age"),
  heart = list(Surv(start, stop, event) ~ age + year + surgery + transplant, heart, "id"),
  heart_strata = list(Surv(start, stop, event) ~ age + year + transplant + strata(surgery), heart, "id"),
  sim512 = list(Surv(time, event) ~ trt + age + iss2 + iss3 + highrisk + cr, sim, "center"),
  sim512_strata_entry = list(Surv(entry, time, event) ~ trt + age + highrisk + strata(center), sim, "center"),
  cgd = list(Surv(tstart, tstop, event) ~ treat + age + steroids, cgd, "id"),
  kidney = list(Surv(time, event) ~ age + female, kidney, "id"),
  extreme = list(Surv(time, event) ~ marker + age, extreme, "")
)
sim$iss2 <- as.integer(sim$iss == 2)
sim$iss3 <- as.integer(sim$iss == 3)
models$sim512[[2]] <- models$sim512_strata_entry[[2]] <- sim

every <- function(x, whole) if (whole) x else if (is.matrix(x)) x[seq(1, nrow(x), 37), ] else x[seq(1, length(x), 37)]

residuals_of <- function(key, fit, whole) {
  for (type in c("martingale", "deviance", "score", "dfbeta")) {
    found <- residuals(fit, type)
    put(paste0(key, ".", type), every(found, whole))
    put(paste0(key, ".", type, "_ss"), sum(found^2))
  }
  # of tied events R's order is that of its sort: sums of squares do not know it
  put(paste0(key, ".schoenfeld_ss"), colSums(as.matrix(residuals(fit, "schoenfeld"))^2))
  put(paste0(key, ".scaledsch_ss"), colSums(as.matrix(residuals(fit, "scaledsch"))^2))
}

curves_of <- function(key, fit) {
  hazard <- basehaz(fit, centered = FALSE)
  put(paste0(key, ".basehaz_last"), if (is.null(hazard$strata)) tail(hazard$hazard, 1) else tapply(hazard$hazard, hazard$strata, max))
}

for (name in names(models)) {
  m <- models[[name]]
  d <- m[[2]]
  d$w <- spread(nrow(d))
  for (ties in c("efron", "breslow")) for (weighted in c(FALSE, TRUE)) {
    key <- paste(name, ties, if (weighted) "weighted" else "plain", sep = ".")
    fit <- if (weighted) do.call(coxph, list(m[[1]], data = d, ties = ties, weights = d$w, control = exact, robust = FALSE))
           else do.call(coxph, list(m[[1]], data = d, ties = ties, control = exact))
    put(paste0(key, ".coef"), coef(fit))
    put(paste0(key, ".covariance"), vcov(fit))
    put(paste0(key, ".loglik"), fit$loglik)
    found <- concordance(fit)
    put(paste0(key, ".concordance"), c(found$concordance, sqrt(found$var)))
    residuals_of(key, fit, nrow(d) < 80)
    curves_of(key, fit)
    for (transform in c("km", "rank", "identity", "log")) {
      put(paste0(key, ".zph.", transform), cox.zph(fit, transform, terms = FALSE)$table[, "chisq"])
    }
    arguments <- list(m[[1]], data = d, ties = ties, control = exact, cluster = seq_len(nrow(d)))
    if (weighted) arguments$weights <- d$w
    put(paste0(key, ".robust"), vcov(do.call(coxph, arguments)))
    if (m[[3]] != "") {
      arguments$cluster <- d[[m[[3]]]]
      fit <- do.call(coxph, arguments)
      put(paste0(key, ".cluster"), vcov(fit))
      put(paste0(key, ".cluster_wald"), fit$wald.test)
    }
  }
}

# --- an offset ----------------------------------------------------------------------------------------------------------
sim$known <- 0.3 * sim$cr - sim$age / 100
fit <- coxph(Surv(time, event) ~ trt + highrisk + offset(known), sim, control = exact)
put("offset.coef", coef(fit))
put("offset.covariance", vcov(fit))
put("offset.loglik", fit$loglik)
put("offset.zph", cox.zph(fit, terms = FALSE)$table[, "chisq"])

# --- predicted curves: cumulative hazard, its error and S with log-log limits at the times named --------------------------
predicted <- function(key, fit, newdata, times) {
  found <- summary(survfit(fit, newdata, conf.type = "log-log"), times = times)
  put(key, c(found$cumhaz, found$std.err / found$surv, found$surv, found$lower, found$upper))
}
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, event) ~ age + sex + ph_ecog, lung, ties = ties, control = exact)
  predicted(paste0("predicted.lung.", ties), fit, data.frame(age = 60, sex = 1, ph_ecog = 1), c(100, 365, 700))
  fit <- coxph(Surv(entry, time, event) ~ trt + age + strata(highrisk), sim, ties = ties, control = exact)
  for (g in 0:1) {
    predicted(paste0("predicted.sim512.", ties, ".", g), fit, data.frame(trt = 1, age = 58, highrisk = g), c(6, 24, 48))
  }
}

# --- one group empty, a level without events, an aliased column, under weights and robust errors ---------------------------
lung$copy <- 3 - 2 * lung$sex
fit <- coxph(Surv(time, event) ~ age + sex + copy + ph_ecog, lung, weights = spread(nrow(lung)), robust = TRUE, control = exact)
put("aliased.coef", coef(fit))
put("aliased.covariance", vcov(fit)[-3, -3])
few <- subset(sim, iss < 3)
fit <- coxph(Surv(time, event) ~ trt + iss2 + iss3, few, cluster = center, control = exact)
put("empty.coef", coef(fit))
put("empty.covariance", vcov(fit)[1:2, 1:2])

# --- Gaussian frailty, dense: coefficients, frailties, theta --------------------------------------------------------------
tight <- coxph.control(eps = 1e-10, iter.max = 100, outer.max = 100)
frail <- function(key, fit) {
  put(paste0(key, ".theta"), fit$history[[1]]$theta)
  fixed <- !grepl("^gauss", names(coef(fit)))
  put(paste0(key, ".covariance"), fit$var[fixed, fixed])
  put(paste0(key, ".coef"), coef(fit)[fixed])
  put(paste0(key, ".frailty"), coef(fit)[!fixed])
  put(paste0(key, ".errors"), sqrt(diag(fit$var))[!fixed])
  put(paste0(key, ".loglik"), fit$loglik)
  put(paste0(key, ".df"), fit$df)
}
fits <- function(key, d, text, group) {
  for (theta in c(0.05, 0.4)) {
    formula <- as.formula(paste0(text, " + frailty(", group, ", dist = 'gauss', sparse = FALSE, theta = ", theta, ")"))
    frail(paste0("frailty.", key, ".fixed", theta), do.call(coxph, list(formula, data = d, control = tight)))
  }
  formula <- as.formula(paste0(text, " + frailty(", group, ", dist = 'gauss', sparse = FALSE, eps = 1e-10)"))
  frail(paste0("frailty.", key, ".reml"), do.call(coxph, list(formula, data = d, control = tight)))
}
fits("kidney", kidney, "Surv(time, event) ~ age + female", "id")
fits("sim512", sim, "Surv(time, event) ~ trt + age + highrisk", "center")
fits("sim512_entry", sim, "Surv(entry, time, event) ~ trt + age", "center")
fits("lung", lung, "Surv(time, event) ~ age + sex + ph_ecog", "inst")
fits("cgd", cgd, "Surv(tstart, tstop, event) ~ treat + age", "id")

put("versions", c(R.version$version.string, paste("survival", packageVersion("survival"))))
lines <- mapply(function(key, value) sprintf('  "%s": %s', key, toJSON(value, digits = NA, na = "null")), names(values), values)
writeLines(c("{", paste(lines, collapse = ",\n"), "}"), "cox_reference.json")
