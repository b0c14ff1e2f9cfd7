#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Messages for the operator, on stderr, one line each; control characters in them are shown as
 * \xNN. The default level is LOG_INFO on a terminal and LOG_WARN elsewhere: quiet under cron.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_level(enum log_level);
void log_line(enum log_level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
