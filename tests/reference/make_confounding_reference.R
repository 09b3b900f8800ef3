# Makes the values in confounding_reference.json: propensity scores, weights, matching, pooling, meta-analysis, splines.
# Run it in this folder: Rscript make_confounding_reference.R
# (R >= 4.2; survival, lme4, mice, metafor, Hmisc, jsonlite)
suppressPackageStartupMessages({
  library(survival); library(splines); library(lme4); library(mice); library(metafor)
  library(Hmisc); library(jsonlite)
})

values <- list()
put <- function(key, value) values[[key]] <<- unname(as.vector(value))
# Of a long vector its first 30 values, sum and sum of squares, so that the file stays small.
brief <- function(key, value) put(key, c(head(as.vector(value), 30), sum(value), sum(value^2)))
exact <- coxph.control(eps = 1e-11, iter.max = 50)

lung <- read.csv("lung.csv")
lung$female <- lung$sex - 1
sim <- read.csv("sim512.csv")
sim$iss2 <- as.numeric(sim$iss == 2); sim$iss3 <- as.numeric(sim$iss == 3)
mgus <- read.csv("mgus2.csv")
mgus <- mgus[complete.cases(mgus[, c("hgb", "creat", "mspike")]), ]
heart <- read.csv("heart.csv")
extreme <- read.csv("extreme.csv")
extreme$high <- as.numeric(extreme$marker > median(extreme$marker))
describe <- read.csv("describe_lung.csv", na.strings = "")
describe <- describe[complete.cases(describe[, c("age", "ph_karno", "wt_loss", "ecog")]), ]
describe$female <- as.numeric(describe$sex == "Female")
describe$fit <- as.numeric(describe$ecog == "ECOG0")

# --- propensity score, weights, balance, matching ---------------------------------------------------------------------
# Nearest neighbors without replacement, by comparing all: the highest score chooses first, one partner a round.
greedy <- function(distance, y, ratio, caliper = 0.2) {
  width <- caliper * sd(distance)
  free <- which(y == 0)
  choosing <- which(y == 1)[order(-distance[y == 1])]
  pairs <- NULL
  for (round in seq_len(ratio)) {
    served <- NULL
    for (i in choosing) if (length(free)) {
      k <- free[which.min(abs(distance[free] - distance[i]))]
      if (abs(distance[k] - distance[i]) > width) next
      pairs <- rbind(pairs, c(i, k)); served <- c(served, i); free <- setdiff(free, k)
    }
    choosing <- served
  }
  pairs
}
score <- function(key, data, exposed, covariates, time = NULL, event = NULL) {
  formula <- reformulate(covariates, exposed)
  known <- !is.na(coef(glm(formula, binomial, data)))
  fit <- glm(reformulate(covariates[known[-1]], exposed), binomial, data)
  for (again in 1:3) fit <- update(fit, start = coef(fit))  # standard errors of glm lag one step behind
  y <- data[[exposed]]
  e <- fitted(fit)
  put(paste0(key, ".coef"), coef(fit))
  put(paste0(key, ".se"), sqrt(diag(vcov(fit))))
  brief(paste0(key, ".score"), e)
  weights <- list(
    overlap = ifelse(y == 1, 1 - e, e), inverse = ifelse(y == 1, 1 / e, 1 / (1 - e)),
    stabilized = ifelse(y == 1, mean(y) / e, mean(1 - y) / (1 - e)), exposed = ifelse(y == 1, 1, e / (1 - e))
  )
  limits <- quantile(weights$stabilized, c(.01, .99))
  brief(paste0(key, ".truncated"), pmin(pmax(weights$stabilized, limits[1]), limits[2]))
  x <- as.matrix(data[, covariates[known[-1]]])
  spread <- sqrt((apply(x[y == 1, ], 2, var) + apply(x[y == 0, ], 2, var)) / 2)
  smd <- function(w) {
    (apply(x[y == 1, ], 2, weighted.mean, w[y == 1]) - apply(x[y == 0, ], 2, weighted.mean, w[y == 0])) / spread
  }
  put(paste0(key, ".smd.before"), smd(rep(1, length(y))))
  for (kind in names(weights)) {
    w <- weights[[kind]]
    brief(paste0(key, ".weights.", kind), w)
    put(paste0(key, ".smd.", kind), smd(w))
    put(paste0(key, ".ess.", kind), c(sum(w[y == 1])^2 / sum(w[y == 1]^2), sum(w[y == 0])^2 / sum(w[y == 0]^2)))
  }
  for (ratio in 1:2) {
    pairs <- greedy(qlogis(e), y, ratio)
    put(paste0(key, ".matches.", ratio), t(pairs[order(pairs[, 1], pairs[, 2]), ]) - 1)
  }
  if (is.null(time)) return(invisible())
  # The sandwich with estimated weights: the derivative of the log hazard ratio by each coefficient of the score, by
  # central differences, times the influence of each patient on that coefficient.
  outcome <- Surv(data[[time]], data[[event]])
  design <- model.matrix(fit)
  influence <- (design * (y - e)) %*% vcov(fit)
  for (kind in c("overlap", "stabilized", "exposed")) {
    weigh <- function(coef) {
      p <- plogis(drop(design %*% coef))
      switch(kind, overlap = ifelse(y == 1, 1 - p, p), exposed = ifelse(y == 1, 1, p / (1 - p)),
             stabilized = ifelse(y == 1, mean(y) / p, mean(1 - y) / (1 - p)))
    }
    ratio <- function(coef) coxph(outcome ~ y, weights = weigh(coef), control = exact)
    at <- coef(fit)
    model <- coxph(outcome ~ y, weights = weigh(at), robust = TRUE, control = exact)
    slope <- sapply(seq_along(at), function(j) {
      h <- 1e-4 * max(abs(vcov(fit)[j, j])^0.5, 1e-8)
      step <- replace(0 * at, j, h)
      (coef(ratio(at + step)) - coef(ratio(at - step))) / (2 * h)
    })
    own <- residuals(model, "dfbeta", weighted = TRUE)
    put(paste0(key, ".cox.", kind), c(coef(model), sqrt(vcov(model)), sqrt(sum((own + influence %*% slope)^2))))
  }
}
score("lung", lung, "female", c("age", "ph_ecog", "wt_loss"), "time", "event")
score("sim", sim, "trt", c("age", "iss2", "iss3", "highrisk", "cr"), "time", "event")
sim$twice <- sim$iss2 + sim$iss3
score("sim_aliased", sim, "trt", c("age", "iss2", "iss3", "twice", "cr"))
score("mgus", mgus, "male", c("age", "hgb", "creat", "mspike"), "etime", "death")
score("heart", heart, "transplant", c("age", "year", "surgery"))
score("extreme", extreme, "high", c("age", "x"))
score("describe", describe, "female", c("age", "ph_karno", "wt_loss", "fit"))

# Centers as normal effects: Laplace's deviance at fixed SDs with the coefficients there, and where it is least.
random <- function(key, data, formula) {
  control <- glmerControl(tolPwrss = 1e-14, optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
  deviance <- glmer(formula, data, binomial, nAGQ = 0, control = control, devFunOnly = TRUE)
  parts <- environment(deviance)$pp
  for (sd in c(0.3, 1, 3)) {
    put(paste0(key, ".random.deviance.", sd), deviance(sd))
    put(paste0(key, ".random.coef.", sd), parts$beta(1))
    put(paste0(key, ".random.effects.", sd), parts$b(1))
  }
  best <- optimize(deviance, c(0, 10), tol = 1e-9)
  put(paste0(key, ".random.least"), c(best$minimum, best$objective))
}
random("lung", lung, female ~ age + ph_ecog + wt_loss + (1 | inst))
random("sim", sim, trt ~ age + iss2 + iss3 + highrisk + cr + (1 | center))
lonely <- sim
lonely$trt[lonely$center == 3] <- 1
lonely$trt[lonely$center %in% c(5, 7)] <- 0
random("lonely", lonely, trt ~ age + iss2 + iss3 + highrisk + cr + (1 | center))

# --- E-value (VanderWeele & Ding 2017, by the formula) ----------------------------------------------------------------
bound <- function(r) { r <- max(r, 1 / r); r + sqrt(r * (r - 1)) }
common <- function(hr) (1 - 0.5^sqrt(hr)) / (1 - 0.5^sqrt(1 / hr))
put("e_value.common", c(bound(common(0.69)), bound(common(0.9))))
put("e_value.rare", c(bound(2.5), bound(1.4)))

# --- pooling of imputations -------------------------------------------------------------------------------------------
for (m in c(3, 20)) for (df in c(7, 78, 480, 1e6)) {
  q <- -0.37 + 0.05 * sin(seq_len(m)); u <- 0.02 + 0.003 * cos(seq_len(m))
  p <- pool.scalar(q, u, n = df + 1, k = 1)
  put(paste("pool", m, df, sep = "."), c(p$qbar, p$ubar, p$b, p$t, p$df, p$r, p$fmi))
}
same <- pool.scalar(rep(0.4, 5), rep(0.04, 5), n = 101, k = 1)
put("pool.same", c(same$qbar, same$t))

# --- multiple imputation with mice: the pooled Cox model of lung with holes made on purpose ---------------------------
holes <- lung[, c("time", "event", "age", "female", "ph_ecog", "wt_loss")]
i <- seq_len(nrow(holes))
holes$wt_loss[(i * 7) %% 10 < 3] <- NA
holes$ph_ecog[(i * 11) %% 13 < 2] <- NA
holes$female[(i * 5) %% 17 < 2] <- NA
nelson_aalen <- function(time, event) {
  fit <- survfit(Surv(time, event) ~ 1)
  fit$cumhaz[match(time, fit$time)]
}
holes$na <- nelson_aalen(holes$time, holes$event)
brief("nelson_aalen.lung", holes$na)
brief("nelson_aalen.mgus", nelson_aalen(mgus$etime, mgus$death))
made <- mice(transform(holes, female = factor(female)), m = 200, maxit = 10, seed = 1, printFlag = FALSE,
             method = c("", "", "", "logreg", "pmm", "pmm", ""),
             predictorMatrix = {
               p <- 1 - diag(7); p[, 1] <- 0; dimnames(p) <- list(names(holes), names(holes)); p
             })
fits <- with(made, coxph(Surv(time, event) ~ age + I(female == 1) + ph_ecog + wt_loss))
put("mice.lung_share_female", mean(sapply(complete(made, "all"), function(d) mean(d$female == 1))))
pooled <- summary(pool(fits, dfcom = sum(holes$event) - 4))
put("mice.lung", c(pooled$estimate, pooled$std.error))
put("mice.lung_between", pool(fits, dfcom = sum(holes$event) - 4)$pooled$b)

# --- meta-analysis of centers -----------------------------------------------------------------------------------------
meta <- function(key, y, se, level = 95) {
  control <- list(threshold = 1e-12, maxiter = 10000, tol = 1e-12)
  for (method in c("REML", "DL", "PM", "EE")) for (test in c("z", "knha")) {
    if (method == "EE" && test == "knha") next
    fit <- rma(y, sei = se, method = method, test = test, control = control)
    p <- predict(fit)
    put(paste(key, method, test, sep = "."), c(fit$beta, fit$se, fit$ci.lb, fit$ci.ub, fit$tau2, fit$I2, fit$H2, fit$QE,
                                               fit$QEp, p$pi.lb, p$pi.ub))
  }
}
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
put("bcg.y", bcg$yi); put("bcg.se", sqrt(bcg$vi))
meta("bcg", bcg$yi, sqrt(bcg$vi))
put("normand.y", (n <- dat.normand1999)$m1i - n$m2i)
put("normand.se", sqrt(n$sd1i^2 / n$n1i + n$sd2i^2 / n$n2i))
meta("normand", values$normand.y, values$normand.se)
put("alike.y", -0.4 + 0.01 * sin(1:6)); put("alike.se", 0.2 + 0.03 * cos(1:6))
meta("alike", values$alike.y, values$alike.se)
centers <- function(key, data, formula, by) {
  fits <- lapply(split(data, data[[by]]), function(part) {
    if (sum(part$event) < 5) return(NULL)
    fit <- coxph(formula, part, control = exact)
    c(coef(fit), sqrt(diag(vcov(fit))))
  })
  found <- do.call(rbind, fits)
  put(paste0(key, ".y"), found[, 1]); put(paste0(key, ".se"), found[, 2])
  meta(key, found[, 1], found[, 2])
}
centers("sim_centers", sim, Surv(time, event) ~ trt, "center")
lung_large <- lung[lung$inst %in% names(which(table(lung$inst) >= 15)), ]
centers("lung_centers", lung_large, Surv(time, event) ~ female, "inst")

# --- splines ----------------------------------------------------------------------------------------------------------
spline <- function(key, x, knots) {
  for (k in knots) {
    put(paste0(key, ".rcs.knots.", k), rcspline.eval(x, nk = k, knots.only = TRUE))
    brief(paste0(key, ".rcs.", k), t(rcspline.eval(x, nk = k, inclx = TRUE)))
    brief(paste0(key, ".ns.", k), t(ns(x, df = k - 1)))
  }
}
spline("sim_age", sim$age, 3:7)
spline("lung_wt", lung$wt_loss, 3:5)
spline("mgus_creat", mgus$creat, 3:5)
rcs_fit <- coxph(Surv(time, event) ~ rcspline.eval(age, nk = 4, inclx = TRUE), sim, control = exact)
put("sim_age.cox", c(rcs_fit$loglik, coef(rcs_fit)))

# --- follow-up in pieces ----------------------------------------------------------------------------------------------
pieces <- function(key, data, formula, cut) {
  long <- survSplit(formula, data, cut = cut, episode = "piece", start = "start")
  for (column in c("start", "stop", "event", "piece")) brief(paste0(key, ".pieces.", column), as.numeric(long[[column]]))
  put(paste0(key, ".pieces.rows"), nrow(long))
}
pieces("sim", data.frame(stop = sim$time, event = sim$event), Surv(stop, event) ~ ., c(12, 24))
pieces("heart", heart[, c("start", "stop", "event")], Surv(start, stop, event) ~ ., c(30, 100, 500))

values$versions <- paste(c("R", "survival", "lme4", "mice", "metafor", "Hmisc"),
  c(as.character(getRversion()), sapply(c("survival", "lme4", "mice", "metafor", "Hmisc"),
                                        function(p) as.character(packageVersion(p)))))
text <- vapply(names(values), function(key) {
  paste0(toJSON(key, auto_unbox = TRUE), ": ", toJSON(values[[key]], digits = I(15), na = "null"))
}, "")
writeLines(paste0("{\n", paste(text, collapse = ",\n"), "\n}"), "confounding_reference.json")
