# Landmark, time-dependent rows and strategies on survival::jasa (a treatment that starts after time zero) and on
# sim512.csv with made starts, in R 4.2, survival 3.5. Run in this folder: Rscript make_time_zero_reference.R
library(survival)
out <- list()
keep <- function(name, x) out[[name]] <<- as.numeric(x)
fit <- function(formula, data) coxph(formula, data, control = coxph.control(eps = 1e-11))
j <- jasa
j$id <- seq_len(nrow(j)); j$time <- pmax(0.5, as.numeric(j$fu.date - j$accept.dt)); j$event <- j$fustat
j$start <- as.numeric(j$tx.date - j$accept.dt)
s <- read.csv("sim512.csv")
s$start <- ifelse(s$trt == 1, 1 + s$id %% 9, NA)
write.csv(j[c("id", "time", "event", "start", "age", "surgery")], "jasa.csv", row.names = FALSE)
write.csv(s[c("id", "center", "time", "event", "start", "age", "highrisk")], "sim512_starts.csv", row.names = FALSE)
sets <- list(jasa = list(j, 30, ~ on + age + surgery), sim512_starts = list(s, 6, ~ on + age + highrisk + strata(center)))
for (name in names(sets)) {
  d <- sets[[name]][[1]]; day <- sets[[name]][[2]]; rhs <- sets[[name]][[3]]
  l <- subset(d, time > day)
  l$on <- as.numeric(!is.na(l$start) & l$start <= day); l$left <- l$time - day
  f <- fit(update(rhs, Surv(left, event) ~ .), l)
  keep(paste0(name, ".landmark"), c(nrow(l), sum(l$event), sum(l$on), coef(f), sqrt(diag(vcov(f)))))
  d$cut <- ifelse(!is.na(d$start) & d$start < d$time, d$start, NA)
  r <- tmerge(d, d, id = id, died = event(time, event), on = tdc(cut))
  f <- fit(update(rhs, Surv(tstart, tstop, died) ~ .), r)
  keep(paste0(name, ".time_dependent"), c(nrow(r), coef(f), sqrt(diag(vcov(f)))))
  k <- survfit(Surv(tstart, tstop, died) ~ on, r)
  keep(paste0(name, ".simon_makuch"), summary(k, times = day * c(1, 2, 4), extend = TRUE)$surv)
}
text <- sapply(out, function(x) paste0("[", paste(sprintf("%.15g", x), collapse = ", "), "]"))
writeLines(paste0("{\n", paste0('"', names(text), '": ', text, collapse = ",\n"), "\n}"), "time_zero_reference.json")
