# Makes the values in reference.json that the tests of multicenter.survival compare with.
# Run it in this folder: Rscript make_reference.R   (R >= 4.2; survival >= 3.5, cmprsk, jsonlite)
library(survival)
library(cmprsk)
library(jsonlite)

values <- list()
put <- function(key, value) values[[key]] <<- unname(as.vector(value))
exact <- coxph.control(eps = 1e-11, iter.max = 50)

# A curve: median and limits, S and limits, standard errors and numbers at risk at `times`.
curve <- function(key, formula, data, times) {
  for (ci in c("log-log", "log", "plain")) {
    fit <- survfit(formula, data, conf.type = ci)
    at <- summary(fit, times = times)
    put(paste0(key, ".median_ci.", ci), summary(fit)$table[c("median", "0.95LCL", "0.95UCL")])
    put(paste0(key, ".surv_ci.", ci), c(at$surv, at$lower, at$upper))
  }
  put(paste0(key, ".surv_se"), at$std.err)
  put(paste0(key, ".n_risk"), at$n.risk)
  put(paste0(key, ".whole.time"), fit$time)
  put(paste0(key, ".whole.surv"), fit$surv)
  put(paste0(key, ".whole.counts"), c(fit$n.risk, fit$n.event, fit$n.censor))
}

reverse <- function(key, time, event) {
  fit <- survfit(Surv(time, 1 - event) ~ 1, conf.type = "log-log")
  put(paste0(key, ".reverse_median_ci"), summary(fit)$table[c("median", "0.95LCL", "0.95UCL")])
}

test <- function(key, formula, data) {
  fit <- survdiff(formula, data)
  rows <- function(x) if (is.matrix(x)) rowSums(x) else x
  put(paste0(key, ".chisq"), fit$chisq)
  put(paste0(key, ".observed"), rows(fit$obs))
  put(paste0(key, ".expected"), rows(fit$exp))
  put(paste0(key, ".covariance"), fit$var)
}

# Every pair of groups, in the order (1, 2), (1, 3), ..., (2, 3), ...: chi-squares, then Holm's p.
pairs_test <- function(key, time, event, group) {
  pairs <- combn(sort(unique(group)), 2)
  chisq <- apply(pairs, 2, function(pair) {
    rows <- group %in% pair
    survdiff(Surv(time[rows], event[rows]) ~ group[rows])$chisq
  })
  put(paste0(key, ".chisq"), chisq)
  put(paste0(key, ".holm"), p.adjust(pchisq(chisq, 1, lower.tail = FALSE), "holm"))
}

cox <- function(key, formula, data, zph = TRUE) {
  fit <- do.call(coxph, list(formula, data = data, ties = "efron", control = exact))
  known <- !is.na(coef(fit))
  put(paste0(key, ".coef"), coef(fit))
  put(paste0(key, ".covariance"), vcov(fit)[known, known])
  put(paste0(key, ".p"), summary(fit)$coefficients[, "Pr(>|z|)"])
  put(paste0(key, ".limits"), confint(fit))
  put(paste0(key, ".loglik"), fit$loglik)
  put(paste0(key, ".wald"), fit$wald.test)
  found <- concordance(fit)
  put(paste0(key, ".concordance"), c(found$concordance, sqrt(found$var)))
  if (zph) for (transform in c("km", "rank", "identity", "log")) {
    put(paste0(key, ".zph.", transform), cox.zph(fit, transform)$table[, "chisq"])
    put(paste0(key, ".zph_columns.", transform), cox.zph(fit, transform, terms = FALSE)$table[, "chisq"])
  }
  invisible(fit)
}

# Cumulative incidence of cause 1 at `times`, with survfit's and cmprsk's standard errors.
incidence <- function(key, time, cause, times) {
  fit <- summary(survfit(Surv(time, factor(cause, 0:2)) ~ 1), times = times)
  put(paste0(key, ".cif"), fit$pstate[, 2])
  put(paste0(key, ".survfit_se"), fit$std.err[, 2])
  gray <- timepoints(cuminc(time, cause), times)
  put(paste0(key, ".cmprsk"), gray$est[1, ])
  put(paste0(key, ".cmprsk_se"), sqrt(gray$var[1, ]))
}

# --- lung -------------------------------------------------------------------------------------------------------------
lung <- read.csv("lung.csv")
for (g in 1:2) {
  d <- lung[lung$sex == g, ]
  curve(paste0("lung.km.sex", g), Surv(time, event) ~ 1, d, c(180, 365, 730))
  reverse(paste0("lung.km.sex", g), d$time, d$event)
}
test("lung.logrank.sex", Surv(time, event) ~ sex, lung)
test("lung.logrank.ecog", Surv(time, event) ~ ph_ecog, lung)
test("lung.logrank.sex_by_inst", Surv(time, event) ~ sex + strata(inst), lung)
test("lung.logrank.ecog_by_sex", Surv(time, event) ~ ph_ecog + strata(sex), lung)
pairs_test("lung.pairwise.ecog", lung$time, lung$event, lung$ph_ecog)
cox("lung.cox.uni", Surv(time, event) ~ sex, lung)
cox("lung.cox.multi", Surv(time, event) ~ age + sex + ph_ecog + ph_karno + wt_loss, lung)
cox("lung.cox.strata", Surv(time, event) ~ age + sex + ph_ecog + strata(inst), lung)
lung$copy <- 3 - 2 * lung$sex
cox("lung.cox.aliased", Surv(time, event) ~ age + sex + copy + ph_ecog, lung, zph = FALSE)
# a level without events: its coefficient runs to minus infinity, the others and the log-likelihood have a limit
lung$spared <- as.integer(lung$event == 0 & lung$age > 65)
cox("lung.cox.separated", Surv(time, event) ~ age + sex + spared, lung, zph = FALSE)

# a reference level without events: only the contrast of the others is determined, and the age
lung$spared_event <- ifelse(lung$ph_ecog == 0, 0, lung$event)
cox("lung.cox.reference", Surv(time, spared_event) ~ I(ph_ecog == 1) + I(ph_ecog > 1) + age, lung, zph = FALSE)

# --- mgus2 ------------------------------------------------------------------------------------------------------------
mgus2 <- read.csv("mgus2.csv")
mgus2$male <- as.integer(mgus2$sex == "M")
for (g in 0:1) {
  d <- mgus2[mgus2$male == g, ]
  curve(paste0("mgus2.km.male", g), Surv(futime, death) ~ 1, d, c(60, 120, 240))
  reverse(paste0("mgus2.km.male", g), d$futime, d$death)
  incidence(paste0("mgus2.cif.male", g), d$etime, d$fstatus, c(120, 240, 300))
}
test("mgus2.logrank.male", Surv(futime, death) ~ male, mgus2)
cc <- mgus2[complete.cases(mgus2[, c("hgb", "creat", "mspike")]), ]
cox("mgus2.cox.multi", Surv(futime, death) ~ age + male + hgb + creat + mspike, cc)
cox("mgus2.cox.cause_specific", Surv(etime, fstatus == 1) ~ age + male + hgb + mspike, cc)

# --- heart ------------------------------------------------------------------------------------------------------------
heart <- read.csv("heart.csv")
cox("heart.cox.tdc", Surv(start, stop, event) ~ age + year + surgery + transplant, heart)
cox("heart.cox.interaction", Surv(start, stop, event) ~ (age + surgery) * transplant, heart)
fit <- coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart, control = exact)
found <- concordance(fit, cluster = heart$id)
put("heart.concordance_by_id", c(found$concordance, sqrt(found$var)))
curve("heart.km.entry", Surv(start, stop, event) ~ 1, heart, c(30, 100, 365, 1000))

# --- sim512 -----------------------------------------------------------------------------------------------------------
sim <- read.csv("sim512.csv")
for (g in 0:1) {
  d <- sim[sim$trt == g, ]
  curve(paste0("sim512.km.trt", g), Surv(time, event) ~ 1, d, c(12, 24, 36, 60))
  reverse(paste0("sim512.km.trt", g), d$time, d$event)
  curve(paste0("sim512.km_entry.trt", g), Surv(entry, time, event) ~ 1, d, c(12, 24, 36, 60))
  incidence(paste0("sim512.cif.trt", g), d$ftime, d$fstatus, c(12, 24, 36, 60))
}
test("sim512.logrank.trt", Surv(time, event) ~ trt, sim)
test("sim512.logrank.trt_by_center", Surv(time, event) ~ trt + strata(center), sim)
test("sim512.logrank.center", Surv(time, event) ~ center, sim)
pairs_test("sim512.pairwise.iss", sim$time, sim$event, sim$iss)
cox("sim512.cox.multi", Surv(time, event) ~ trt + age + factor(iss) + highrisk + cr, sim)
cox("sim512.cox.entry", Surv(entry, time, event) ~ trt + age + factor(iss) + highrisk + cr, sim)
cox("sim512.cox.strata", Surv(time, event) ~ trt + age + factor(iss) + highrisk + cr + strata(center), sim)
cox("sim512.cox.strata_entry", Surv(entry, time, event) ~ trt + age + highrisk + strata(center), sim)
late <- sim[sim$entry < sim$ftime, ]
late$id <- seq_len(nrow(late))
fit <- survfit(Surv(entry, ftime, factor(fstatus, 0:2)) ~ 1, late, id = id)
fit <- summary(fit, times = c(12, 24, 36, 60))
put("sim512.cif_entry.cif", fit$pstate[, 2])
put("sim512.cif_entry.survfit_se", fit$std.err[, 2])

# --- a curve that is exactly one half on an interval, in tenths: R merges times that differ by rounding -----------------
half <- data.frame(time = c(2, 4, 6, 9), event = c(1, 1, 1, 0))
put("half.median_ci", summary(survfit(Surv(time, event) ~ 1, half, conf.type = "log-log"))$table[7:9])
flat <- data.frame(time = c(2, 4, 6, 9), event = c(1, 1, 0, 0))
put("flat.median_ci", summary(survfit(Surv(time, event) ~ 1, flat, conf.type = "log-log"))$table[7:9])
tenths <- data.frame(time = c(0.1 + 0.2, 0.3, 0.7, 0.8, 1.1), event = c(1, 1, 0, 1, 1))
put("tenths.surv", survfit(Surv(time, event) ~ 1, tenths)$surv)
put("tenths.time", survfit(Surv(time, event) ~ 1, tenths)$time)

# --- risk sets that empty before the last entry: S has become 0, or stays where it is ------------------------------------
gap <- data.frame(entry = c(0, 0, 5, 6, 7, 8, 9, 9), time = c(2, 3, 6, 9, 10, 11, 12, 13), event = 1)
curve("gap.km.zero", Surv(entry, time, event) ~ 1, gap, c(2, 3, 6, 10, 13))
gap$event[2] <- 0
curve("gap.km.half", Surv(entry, time, event) ~ 1, gap, c(2, 3, 6, 10, 13))

# --- extreme: likelihoods with a maximum that is far away, flat or badly scaled --------------------------------------------
extreme <- read.csv("extreme.csv")
inner <- extreme[extreme$x < 60, ]
cox("extreme.cox.outlier", Surv(time, event) ~ x, extreme)
cox("extreme.cox.marker", Surv(time, event) ~ marker + age, inner)
cox("extreme.cox.near", Surv(time, event) ~ x + near, inner, zph = FALSE)
cox("extreme.cox.cubic", Surv(time, event) ~ age + I(age^2) + I(age^3), inner, zph = FALSE)
cox("extreme.cox.steep", Surv(rank_time, event) ~ x, inner[1:100, ])
cox("extreme.cox.scales", Surv(time, event) ~ big + small, inner, zph = FALSE)
# coxph's own Wald test of such scales leaves a covariate out as if aliased; that of the same model in like units does not
fit <- coxph(Surv(time, event) ~ I(big / 1e6) + I(small * 1e6), inner, control = exact)
put("extreme.cox.scales.wald", fit$wald.test)
cox("extreme.cox.entry", Surv(entry, time, event) ~ marker + x, inner)

# --- exact tests and rates --------------------------------------------------------------------------------------------
tables <- list(
  use = c(14, 4, 345, 149), small = c(3, 0, 1, 9), type = c(14, 3, 0, 1, 345, 101, 33, 15),
  six = c(4, 9, 2, 7, 1, 5, 10, 3, 8, 2, 6, 6), ties = c(5, 5, 5, 5),
  long = c(40, 45, 30, 41, 44, 35, 38, 36, 52, 39, 37, 43)
)
for (name in names(tables)) {
  table <- matrix(tables[[name]], ncol = 2)
  put(paste0("fisher.", name, ".table"), t(table))
  put(paste0("fisher.", name, ".p"), fisher.test(table, workspace = 2e7)$p.value)
}
for (events in c(0, 1, 4, 18, 250)) {
  found <- poisson.test(events, 812.5)
  put(paste0("rate.", events), 100 * c(found$estimate, found$conf.int))
}

put("versions", c(R.version$version.string, paste("survival", packageVersion("survival")), paste("cmprsk", packageVersion("cmprsk"))))
lines <- mapply(function(key, value) sprintf('  "%s": %s', key, toJSON(value, digits = NA, na = "null")), names(values), values)
writeLines(c("{", paste(lines, collapse = ",\n"), "}"), "reference.json")
